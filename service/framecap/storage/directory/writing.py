"""Stores images as files of this machine: in a user's directory, or in a local bucket."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

from framecap.errors import CaptureError, SinkUnreachable, TargetInvalid
from framecap.model.names import shown
from framecap.sink.naming import Naming
from framecap.sink.payloads import Data
from framecap.sink.stored import ObjectFacts, StoringSink
from framecap.sink.template import KEY_FIELD
from framecap.storage.directory import staging
from framecap.storage.directory.atomic_files import WholeFiles
from framecap.storage.directory.bucket import DirectoryBucket

RETRY_MS: Final = 1000

T = TypeVar("T")

# Permanent errors: no attempt can store a file at this key.
_PERMANENT: Final = frozenset(
    {
        errno.ENOTDIR,
        errno.EISDIR,
        errno.ELOOP,
        errno.EEXIST,
        errno.ENOTEMPTY,
        errno.ENAMETOOLONG,
        errno.EINVAL,
        errno.EILSEQ,
    }
)


class FileWriter:
    """Stores objects as files beneath a directory, which is opened for the first one.

    All work on files runs in a thread, one call after the other.

    Args:
        root: The directory. It is created if it is missing.
        prefix: The path below `root` that precedes each key; ends with a slash unless it is
            empty.
        uri: Returns an object's URI by its key.
        durable: True to write files that survive a power failure whole.
        sweeping: True to remove the staging files of killed writers first.
    """

    def __init__(
        self,
        root: Path,
        *,
        uri: Callable[[str], str],
        prefix: str = "",
        durable: bool,
        sweeping: bool,
    ) -> None:
        self._root = root
        self._prefix = prefix
        self._uri = uri
        self._durable = durable
        self._sweeping = sweeping
        self._files: WholeFiles | None = None
        self._work: asyncio.Future[Any] | None = None

    async def put(self, key: str, data: Data, facts: ObjectFacts) -> str:
        """Stores an object, whole or not at all, and returns its URI; does not store its facts.

        Raises:
            TargetInvalid: There is something at the key, or at a segment before it, that is not
                an object.
            SinkUnreachable: It could not be stored, for now.
        """
        try:
            await self._in_thread(lambda: self._put(key, data))
        except OSError as error:
            raise _translated(error, key, facts.what) from None
        return self._uri(key)

    async def take_over(self, key: str, size: int, facts: ObjectFacts) -> str | None:
        """Returns the URI of an equal file at a key; None where there is none."""
        equal = await self._in_thread(lambda: self._equals(key, size, facts.sha256))
        return self._uri(key) if equal else None

    @property
    def request_count(self) -> int:
        """Files take no requests."""
        return 0

    async def close(self) -> None:
        """Removes half-written files. Closing again does nothing."""
        # A cancelled put continues in its thread and still needs its files.
        if self._work is not None:
            await asyncio.wait([self._work])
        await self._in_thread(self._close)

    def _equals(self, key: str, size: int, sha256: str) -> bool:
        try:
            return self._opened().equals(self._prefix + key, size, sha256)
        except OSError:
            # `put` says what is wrong there.
            return False

    def _put(self, key: str, data: Data) -> None:
        # A sweep would remove an object with this prefix as a staging directory.
        if (self._prefix + key).startswith(staging.PREFIX):
            raise OSError(errno.EEXIST, "reserved")
        self._opened().write(self._prefix + key, data)

    def _opened(self) -> WholeFiles:
        if self._files is None:
            self._files = WholeFiles(self._root, durable=self._durable, sweeping=self._sweeping)
        return self._files

    def _close(self) -> None:
        if self._files is not None:
            self._files.close()

    async def _in_thread(self, work: Callable[[], T]) -> T:
        running = asyncio.get_running_loop().run_in_executor(None, work)
        self._work = running
        return await asyncio.shield(running)


def directory_sink(root: Path, naming: Naming) -> StoringSink:
    """Returns a sink into a user's directory; events name images by `file:` URIs.

    It does not sync each file to the disk. It first removes the staging files of killed captures
    from the directory.
    """
    root = Path(os.path.abspath(root))
    return StoringSink(
        naming,
        FileWriter(root, uri=lambda key: (root / key).as_uri(), durable=False, sweeping=True),
    )


def directory_bucket_sink(bucket: DirectoryBucket, naming: Naming) -> StoringSink:
    """Returns a sink into a bucket that is a directory.

    The first object creates a missing bucket. Objects survive a power failure whole. Events name
    images by `s3:` URIs.
    """
    return StoringSink(
        naming,
        FileWriter(
            bucket.root,
            uri=lambda key: f"s3://{bucket.name}/{key}",
            prefix=bucket.prefix,
            durable=True,
            sweeping=False,
        ),
    )


def sweep_directory(root: Path) -> None:
    """Removes half-written files of killed services. For the start of a service."""
    try:
        root_fd = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        staging.sweep(root_fd)
    finally:
        os.close(root_fd)


def _translated(error: OSError, key: str, what: str) -> CaptureError:
    """Returns the capture's error for a system error while storing an object."""
    if error.errno in _PERMANENT:
        return TargetInvalid(
            f"{KEY_FIELD}: the key {shown(key)} cannot be a file: something that is not an object,"
            " or a name that is too long, is in its way",
            field=KEY_FIELD,
            metadata={"key": key},
        )
    why = os.strerror(error.errno) if error.errno else "unknown"
    return SinkUnreachable(
        f"the {what} {shown(key)} could not be stored: {why}",
        metadata={"key": key, "cause": why},
        retry_after_ms=RETRY_MS,
    )
