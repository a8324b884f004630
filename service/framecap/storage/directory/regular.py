"""Opening regular files, and refusing all others."""

from __future__ import annotations

import asyncio
import errno
import os
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from framecap.errors import CaptureError, SourceNotAllowed, SourceUnreachable
from framecap.model.names import shown
from framecap.source.opened import OpenSource
from framecap.source.refusals import not_allowed, not_found
from framecap.timebase import NANOSECONDS_PER_SECOND

# Without O_NONBLOCK, opening a pipe waits for its writer, which may never come.
READ_ONLY: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK

RETRY_MS: Final = 1000

_ABSENT: Final = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG})
_FORBIDDEN: Final = frozenset({errno.EACCES, errno.EPERM})
_SPECIAL: Final = frozenset({errno.ENXIO, errno.ENODEV})

_FIRST_SECOND: Final = int(datetime(1, 1, 1, tzinfo=UTC).timestamp())
_LAST_SECOND: Final = int(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp())


def open_regular(
    path: str,
    *,
    public_name: str,
    bucket: str | None,
    key: str,
    flags: int = 0,
    dir_fd: int | None = None,
) -> OpenSource:
    """Returns the open source at a path.

    Args:
        path: The path; relative to `dir_fd` when that is given.
        public_name: The source's name in errors and events.
        bucket: The source's bucket.
        key: The source's key.
        flags: Added to those of a read-only descriptor, for example `O_NOFOLLOW`.
        dir_fd: An open directory.

    Raises:
        OSError: The path cannot be opened.
        SourceNotAllowed: It leads to something that is not a regular file.
    """
    fd = os.open(path, READ_ONLY | flags, dir_fd=dir_fd)
    try:
        facts = os.fstat(fd)
        if not stat.S_ISREG(facts.st_mode):
            raise not_regular(public_name)
        os.set_blocking(fd, True)
    except BaseException:
        os.close(fd)
        raise
    return OpenSource(
        fd=fd,
        size=facts.st_size,
        bucket=bucket,
        key=key,
        last_modified=_moment(facts.st_mtime_ns),
        etag=f"{facts.st_mtime_ns:x}-{facts.st_size:x}-{facts.st_ino:x}",
        public_name=public_name,
        file=facts,
    )


async def in_thread(opening: Callable[[], OpenSource]) -> OpenSource:
    """Runs `opening` in a thread and returns its result.

    A cancelled caller never receives the source, so it is closed as soon as it is open.
    """
    future = asyncio.get_running_loop().run_in_executor(None, opening)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        future.add_done_callback(_close_result)
        raise


def translated(error: OSError, public_name: str) -> CaptureError:
    """Returns the capture's error for a system error while opening a source."""
    if error.errno in _ABSENT:
        return not_found(public_name)
    if error.errno in _FORBIDDEN:
        return not_allowed(public_name, "may not be read")
    if error.errno in _SPECIAL:
        return not_regular(public_name)
    return SourceUnreachable(
        f"source: {shown(public_name)} could not be opened, for now",
        metadata={"source": public_name},
        retry_after_ms=RETRY_MS,
    )


def not_regular(public_name: str) -> SourceNotAllowed:
    """Returns the error of a directory, a pipe, a device or a socket."""
    return not_allowed(public_name, "is not a regular file")


def _moment(nanoseconds: int) -> datetime:
    """Returns a file's time, clipped to `datetime`'s range, which a file system may exceed."""
    seconds = nanoseconds // NANOSECONDS_PER_SECOND
    return datetime.fromtimestamp(max(_FIRST_SECOND, min(seconds, _LAST_SECOND)), UTC)


def _close_result(future: asyncio.Future[OpenSource]) -> None:
    if not future.cancelled() and future.exception() is None:
        future.result().close()
