"""Several readers on one file object, each with its own position; threads may share the file."""

from __future__ import annotations

import os
from threading import Lock
from typing import BinaryIO


class SharedFile:
    """Counts what is read from a file and hands out cursors on it.

    Args:
        file: Seekable; the caller's, and not to be used by others meanwhile.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.size = file.seek(0, os.SEEK_END)
        """The file's size in bytes."""
        self.read_bytes = 0
        """Bytes read so far, through all cursors."""
        self._lock = Lock()

    def read_at(self, offset: int, size: int) -> bytes:
        """Returns up to `size` bytes from `offset`; none at the end of the file."""
        with self._lock:
            self.file.seek(offset)
            data = self.file.read(size)
            self.read_bytes += len(data)
        return data

    def cursor(self) -> Cursor:
        """Returns a new reader at the beginning."""
        return Cursor(self)


class Cursor:
    """Reads a shared file from a position of its own: what the demuxer sees as the file.

    Args:
        shared: The file.
    """

    def __init__(self, shared: SharedFile) -> None:
        self._shared = shared
        self._position = 0

    def read(self, size: int) -> bytes:
        """Returns up to `size` bytes; none at the end of the file."""
        data = self._shared.read_at(self._position, size)
        self._position += len(data)
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Moves the position and returns it."""
        if whence == os.SEEK_CUR:
            offset += self._position
        elif whence == os.SEEK_END:
            offset += self._shared.size
        self._position = max(0, offset)
        return self._position

    def tell(self) -> int:
        """Returns the position."""
        return self._position
