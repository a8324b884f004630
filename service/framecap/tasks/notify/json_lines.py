"""Files of notifications: a JSON object on each line."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from framecap.tasks.notify.delivery import DeliveryFailed
from framecap.tasks.notify.message import Message

LOCK_SECONDS: Final = 5.0
"""The longest wait for another process that writes to the same file."""

LOCK_POLL_SECONDS: Final = 0.005

# Only the owner: messages name sources and callers' texts.
DIRECTORY_MODE: Final = 0o700
FILE_MODE: Final = 0o600


class FileWriter:
    """The thread that appends to all files of notifications. Close it."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(
            max_workers=1, thread_name_prefix="framecap-notifications"
        )

    async def append(self, path: Path, line: bytes) -> None:
        """Appends a line, which is on the disk when this returns.

        Raises:
            OSError: Nothing was appended.
        """
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._thread, append_line, path, line)

    async def close(self) -> None:
        """Ends the thread, after what it has begun."""
        await asyncio.to_thread(self._thread.shutdown, cancel_futures=True)


class JsonLines:
    """Appends messages to a file, which is opened for each, so that it may be rotated.

    Args:
        path: The file; it and its directory are created if they are missing.
        writer: The thread; the caller closes it.
    """

    def __init__(self, path: Path, writer: FileWriter) -> None:
        self._path = path
        self._writer = writer

    async def deliver(self, message: Message) -> None:
        """Appends a message; see `Destination.deliver`."""
        try:
            await self._writer.append(self._path, message.body)
        except OSError as error:
            raise DeliveryFailed(error.strerror or type(error).__name__) from error

    async def close(self) -> None:
        """Does nothing: the file is closed after each message."""


def append_line(path: Path, line: bytes) -> None:
    """Appends a line whole, and syncs it; processes may append to one file at the same time.

    Raises:
        OSError: Nothing was appended.
    """
    if b"\n" in line:
        raise ValueError("a line has a line break")
    path.parent.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
    file = os.open(path, flags, FILE_MODE)
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise OSError(errno.EINVAL, "It is no regular file")
        _lock(file)
        size = os.fstat(file).st_size
        _append(file, size, line + b"\n")
        os.fsync(file)
    finally:
        os.close(file)
    if size == 0:
        # The file is new, and perhaps its directory.
        _sync_directory(path.parent)
        _sync_directory(path.parent.parent)


def _lock(file: int) -> None:
    give_up = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > give_up:
                raise
            time.sleep(LOCK_POLL_SECONDS)


def _append(file: int, size: int, line: bytes) -> None:
    if size and os.pread(file, 1, size - 1) != b"\n":
        # A power failure cut the last line off. Its message comes again, on a line of its own.
        line = b"\n" + line
    try:
        if os.write(file, line) < len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except OSError:
        os.ftruncate(file, size)
        raise


def _sync_directory(path: Path) -> None:
    """Makes what is new in a directory outlive a power failure."""
    directory = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
