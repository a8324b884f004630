"""Files that appear beneath a directory whole or not at all."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Final

from framecap.model.names import path_fault, shown
from framecap.sink.payloads import Data
from framecap.sink.staging import Staging, sweep

_ROOT: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_BELOW: Final = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class WholeFiles:
    """Writes files beneath a directory, each at once and complete, and never outside of it.

    A file is written in a staging directory and then renamed, which replaces what was there in one
    step; of several writers of one name the last one's file stays, whole. On the way down every
    directory is opened in the one before it, none through a symbolic link.

    What is on the disk after a power failure: with `durable`, a file's bytes are there before its
    name is, so a name never leads to half a file (a few milliseconds per file); without it, the
    file system decides. Names themselves reach the disk when the system next writes them.

    For one thread at a time; whoever opens it must close it.

    Args:
        root: The directory, which is created if it is missing. Symbolic links on the way to it are
            its owner's and are followed.
        durable: Whether files survive a power failure whole.
        sweeping: Whether what killed writers left is removed first.
    """

    def __init__(self, root: Path, *, durable: bool, sweeping: bool) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self._durable = durable
        self._root_fd = os.open(root, _ROOT)
        try:
            if sweeping:
                sweep(self._root_fd)
            self._staging = Staging(self._root_fd)
        except BaseException:
            os.close(self._root_fd)
            raise

    def write(self, path: str, data: Data) -> None:
        """Writes a file, and the directories it needs.

        Args:
            path: Segments below the root, none of them empty, `.` or `..`.
            data: The file's bytes.

        Raises:
            OSError: It cannot be written. Nothing of it stays, and what was there before does.
            ValueError: The path is none of that kind.
        """
        fault = path_fault(path)
        if fault:
            raise ValueError(f"the path {shown(path)} {fault}")
        *parents, name = path.split("/")
        temporary, fd = self._staging.create()
        try:
            try:
                _write_all(fd, data)
                if self._durable:
                    os.fdatasync(fd)
            finally:
                os.close(fd)
            directory = self._descend(parents)
            try:
                os.rename(temporary, name, src_dir_fd=self._staging.fd, dst_dir_fd=directory)
            finally:
                os.close(directory)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary, dir_fd=self._staging.fd)
            raise

    def close(self) -> None:
        """Removes whatever is half-written. Closing again does nothing."""
        fd, self._root_fd = self._root_fd, -1
        if fd >= 0:
            try:
                self._staging.close()
            finally:
                os.close(fd)

    def _descend(self, parents: list[str]) -> int:
        """Returns a descriptor of the directory, created where it is missing."""
        directory = os.open(".", _BELOW, dir_fd=self._root_fd)
        try:
            for segment in parents:
                below = _open_or_make(segment, directory)
                os.close(directory)
                directory = below
        except BaseException:
            os.close(directory)
            raise
        return directory


def _open_or_make(name: str, directory: int) -> int:
    try:
        return os.open(name, _BELOW, dir_fd=directory)
    except FileNotFoundError:
        # That it exists by now is another writer's work, or a link: the next line finds out.
        with contextlib.suppress(FileExistsError):
            os.mkdir(name, dir_fd=directory)
        return os.open(name, _BELOW, dir_fd=directory)


def _write_all(fd: int, data: Data) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]
