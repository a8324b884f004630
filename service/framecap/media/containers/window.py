"""Combines many small reads at nearby offsets into a few reads of a file."""

from __future__ import annotations

from typing import Final

from framecap.media.containers.cursor import SharedFile

_BYTES: Final = 1024


class Window:
    """Reads a file a kilobyte at a time.

    Args:
        file: The file.
    """

    def __init__(self, file: SharedFile) -> None:
        self._file = file
        self._begin = 0
        self._data = b""
        self.size = file.size
        """The file's size in bytes."""

    def read_at(self, offset: int, size: int) -> bytes:
        """Returns up to `size` bytes from `offset`; fewer only at the end of the file."""
        begin = offset - self._begin
        if begin < 0 or begin + size > len(self._data):
            self._begin, begin = offset, 0
            self._data = b""
            wanted = max(size, _BYTES)
            while len(self._data) < size:
                chunk = self._file.read_at(offset + len(self._data), wanted - len(self._data))
                if not chunk:
                    break
                self._data += chunk
        return self._data[begin : begin + size]
