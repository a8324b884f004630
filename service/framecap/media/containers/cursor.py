"""Gives several readers of one file object a position each; threads may share the file."""

from __future__ import annotations

import os
from threading import Lock
from typing import BinaryIO, Protocol, runtime_checkable


@runtime_checkable
class Referring(Protocol):
    """A file from which files that it refers to can be opened."""

    def open_reference(self, reference: str) -> BinaryIO:
        """Returns the file that a reference names.

        Raises:
            PermissionError: This file may refer to nothing.
        """
        ...


@runtime_checkable
class Positioned(Protocol):
    """A file that several threads may read at once, each at an offset of its own."""

    def read_at(self, offset: int, length: int, *, until: int = 0) -> bytes:
        """Returns up to `length` bytes from `offset`; none only at the end.

        Args:
            offset: The offset of the first byte.
            length: The most bytes to return.
            until: The offset at which sequential reading will stop; 0 when not known.
        """
        ...


class SharedFile:
    """Counts the bytes read from a file and makes cursors on it.

    Args:
        file: A seekable file of the caller, not to be used by others meanwhile.
        within: The file that refers to this one, and counts its bytes as well.
    """

    def __init__(self, file: BinaryIO, within: SharedFile | None = None) -> None:
        self.file = file
        self._within = within
        self.size = file.seek(0, os.SEEK_END)
        """The file's size in bytes."""
        self.read_bytes = 0
        """Bytes read so far, through all cursors."""
        self._lock = Lock()
        self._positioned = file if isinstance(file, Positioned) else None

    def read_at(self, offset: int, size: int, *, until: int = 0) -> bytes:
        """Returns up to `size` bytes from `offset`; none at the end of the file.

        Args:
            offset: The offset of the first byte.
            size: The most bytes to return.
            until: The offset at which sequential reading will stop; 0 when not known.
        """
        if offset >= self.size:
            # Broken files lead to offsets that no system call accepts.
            return b""
        if self._positioned is not None:
            data = self._positioned.read_at(offset, size, until=until)
        else:
            with self._lock:
                self.file.seek(offset)
                data = self.file.read(size)
        self._count(len(data))
        return data

    def cursor(self, name: str | None = None) -> Cursor:
        """Returns a new reader at the beginning.

        Args:
            name: The file name that the demuxer sees; None for no name.
        """
        return Cursor(self) if name is None else NamedCursor(self, name)

    def refer(self, reference: str) -> SharedFile:
        """Returns the file that a reference in this one names.

        Raises:
            PermissionError: This file may refer to nothing.
        """
        if not isinstance(self.file, Referring):
            raise PermissionError
        return SharedFile(self.file.open_reference(reference), self)

    def _count(self, size: int) -> None:
        with self._lock:
            self.read_bytes += size
        if self._within is not None:
            self._within._count(size)


class Cursor:
    """Reads a shared file from a position of its own; the demuxer's view of the file.

    Args:
        shared: The file.
    """

    def __init__(self, shared: SharedFile) -> None:
        self._shared = shared
        self._position = 0
        self.until = 0
        """The offset at which the reader will stop; 0 when not known."""

    def read(self, size: int) -> bytes:
        """Returns up to `size` bytes; none at the end of the file."""
        data = self._shared.read_at(self._position, size, until=self.until)
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


class NamedCursor(Cursor):
    """A cursor with a name, by which the demuxer identifies the format and the file's folder.

    Args:
        shared: The file.
        name: Its name.
    """

    def __init__(self, shared: SharedFile, name: str) -> None:
        super().__init__(shared)
        self.name = name
