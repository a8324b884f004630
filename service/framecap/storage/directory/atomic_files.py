"""Atomic writes of files beneath a directory."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from pathlib import Path
from typing import Final

from framecap.model.names import path_fault, shown
from framecap.sink.payloads import Data
from framecap.storage.directory.staging import Staging, sweep

_ROOT: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
# Without O_NONBLOCK, opening a pipe waits for its writer.
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_BELOW: Final = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class WholeFiles:
    """Writes files beneath a directory atomically, and never outside of it.

    It writes a file in a staging directory and then renames it, which replaces an existing file in
    one step; of several writers of one name the last one's file stays, whole. It opens every
    directory of a path in its parent, and follows no symbolic link.

    After a power failure: with `durable`, a file's bytes are on the disk before its name is, so a
    name never leads to half a file (a few milliseconds per file); without it, the file system
    decides. The system writes the names themselves to the disk later, in its own time.

    For one thread at a time; the caller must close it.

    Args:
        root: The directory, which is created if it is missing. Symbolic links in its own path are
            its owner's and are followed.
        durable: True to write files that survive a power failure whole.
        sweeping: True to remove the staging files of killed writers first.
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
            OSError: It cannot be written. Nothing of it remains, and an earlier file of that name
                stays as it was.
            ValueError: The path has an invalid segment.
        """
        *parents, name = _segments(path)
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

    def equals(self, path: str, size: int, sha256: str) -> bool:
        """Returns whether a file has a size and a hash.

        Args:
            path: As in `write`.
            size: Bytes.
            sha256: The SHA-256, in hexadecimal.

        Raises:
            OSError: It cannot be read.
            ValueError: The path has an invalid segment.
        """
        *parents, name = _segments(path)
        directory = self._descend(parents)
        try:
            fd = os.open(name, _FILE, dir_fd=directory)
        except FileNotFoundError:
            return False
        finally:
            os.close(directory)
        with open(fd, "rb") as file:
            facts = os.fstat(fd)
            if not stat.S_ISREG(facts.st_mode) or facts.st_size != size:
                return False
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256

    def close(self) -> None:
        """Removes half-written files. Closing again does nothing."""
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


def _segments(path: str) -> list[str]:
    fault = path_fault(path)
    if fault:
        raise ValueError(f"the path {shown(path)} {fault}")
    return path.split("/")


def _open_or_make(name: str, directory: int) -> int:
    try:
        return os.open(name, _BELOW, dir_fd=directory)
    except FileNotFoundError:
        # Another writer may have created it, or a link: the open below fails on a link.
        with contextlib.suppress(FileExistsError):
            os.mkdir(name, dir_fd=directory)
        return os.open(name, _BELOW, dir_fd=directory)


def _write_all(fd: int, data: Data) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]
