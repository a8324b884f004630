"""Images as files of this machine: a directory of the user's, or a local bucket."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from framecap.errors import CaptureError, SinkUnreachable, TargetInvalid
from framecap.model.names import shown
from framecap.sink import staging
from framecap.sink.naming import Naming
from framecap.sink.payloads import Data
from framecap.sink.stored import ObjectFacts, StoringSink
from framecap.sink.template import KEY_FIELD
from framecap.sink.whole import WholeFiles
from framecap.storage.buckets import DirectoryBucket

RETRY_MS: Final = 1000

# The key cannot be a file here, whoever tries and whenever.
_NO_PLACE: Final = frozenset(
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

ResultT = TypeVar("ResultT")


class FileStore:
    """Keeps objects as files beneath a directory, which is opened when the first one comes.

    All work on files is done in a thread, one piece after the other.

    Args:
        root: The directory. It is created if it is missing.
        prefix: What stands before each key to make it a path below `root`; ends with a slash
            unless it is empty.
        uri: Returns an object's URI by its key.
        durable: Whether files survive a power failure whole.
        sweeping: Whether what killed writers left is removed first.
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
        self._work: asyncio.Future[None] | None = None

    async def put(self, key: str, data: Data, facts: ObjectFacts) -> str:
        """Stores an object, whole or not at all, and returns its URI; its facts are not kept.

        Raises:
            TargetInvalid: There is something at the key, or on the way to it, that is not an
                object.
            SinkUnreachable: It could not be stored, for now.
        """
        try:
            await self._in_thread(lambda: self._put(key, data))
        except OSError as error:
            raise _translated(error, key, facts.what) from None
        return self._uri(key)

    async def close(self) -> None:
        """Removes whatever is half-written. Closing again does nothing."""
        # A cancelled put goes on in its thread, and must not lose its files meanwhile.
        if self._work is not None:
            await asyncio.wait([self._work])
        await self._in_thread(self._close)

    def _put(self, key: str, data: Data) -> None:
        # Else an object could be taken for another writer's staging, and be swept away.
        if (self._prefix + key).startswith(staging.PREFIX):
            raise OSError(errno.EEXIST, "reserved")
        if self._files is None:
            self._files = WholeFiles(self._root, durable=self._durable, sweeping=self._sweeping)
        self._files.write(self._prefix + key, data)

    def _close(self) -> None:
        if self._files is not None:
            self._files.close()

    async def _in_thread(self, work: Callable[[], None]) -> None:
        self._work = asyncio.get_running_loop().run_in_executor(None, work)
        await asyncio.shield(self._work)


def directory_sink(root: Path, naming: Naming) -> StoringSink:
    """Returns a sink into a directory of the user's; images are told by `file:` URIs.

    Files are not forced to the disk one by one. What killed captures left in the directory is
    removed first.
    """
    root = Path(os.path.abspath(root))
    return StoringSink(
        naming,
        FileStore(root, uri=lambda key: (root / key).as_uri(), durable=False, sweeping=True),
    )


def directory_bucket_sink(bucket: DirectoryBucket, naming: Naming) -> StoringSink:
    """Returns a sink into a bucket that is a directory.

    A bucket that is missing is created with its first object. Objects survive a power failure
    whole. Images are told by `s3:` URIs.
    """
    return StoringSink(
        naming,
        FileStore(
            bucket.root,
            uri=lambda key: f"s3://{bucket.name}/{key}",
            prefix=bucket.prefix,
            durable=True,
            sweeping=False,
        ),
    )


def sweep_directory(root: Path) -> None:
    """Removes what killed services left half-written. For the start of a service."""
    try:
        root_fd = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        staging.sweep(root_fd)
    finally:
        os.close(root_fd)


def _translated(error: OSError, key: str, what: str) -> CaptureError:
    """Returns what the system's refusal to store an object means to its caller."""
    if error.errno in _NO_PLACE:
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
