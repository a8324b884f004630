"""Staging directories for half-written files, and the removal of abandoned ones."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import secrets
from collections.abc import Iterator
from typing import Final

PREFIX: Final = ".framecap-staging-"

_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW_FILE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_HELD: Final = frozenset({errno.EWOULDBLOCK, errno.EAGAIN})


class Staging:
    """Owns a hidden directory beneath a root, on its file system, for files not yet whole.

    Its owner holds a lock on it, which the system releases however the owner ends. By the lock,
    `sweep` distinguishes directories in use from abandoned ones.

    Args:
        root_fd: The open root, which must stay open until `close`.
    """

    def __init__(self, root_fd: int) -> None:
        self._root_fd = root_fd
        self._name, self.fd = _create(root_fd)

    def create(self) -> tuple[str, int]:
        """Returns the name of a new empty file and a descriptor to write it by."""
        name = secrets.token_hex(8)
        return name, os.open(name, _NEW_FILE, 0o666, dir_fd=self.fd)

    def close(self) -> None:
        """Removes the directory and the files in it. Closing again does nothing."""
        fd, self.fd = self.fd, -1
        if fd >= 0:
            # The next sweep removes anything left over.
            with contextlib.suppress(OSError):
                _remove(self._root_fd, self._name, fd)
            os.close(fd)


def sweep(root_fd: int) -> None:
    """Removes the staging directories beneath a root whose owners have ended."""
    for name in os.listdir(root_fd):
        if name.startswith(PREFIX):
            with contextlib.suppress(OSError), _opened(name, root_fd) as fd:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _remove(root_fd, name, fd)


def _create(root_fd: int) -> tuple[str, int]:
    while True:
        name = PREFIX + secrets.token_hex(8)
        os.mkdir(name, 0o700, dir_fd=root_fd)
        # Another process's sweep may remove the directory before it is locked: then try again.
        try:
            fd = os.open(name, _DIRECTORY, dir_fd=root_fd)
        except FileNotFoundError:
            continue
        if _lock(fd) and _is_there(name, fd, root_fd):
            return name, fd
        os.close(fd)


def _lock(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        # Some network file systems lock no directories, so no sweep removes them there either.
        return error.errno not in _HELD
    return True


def _is_there(name: str, fd: int, root_fd: int) -> bool:
    try:
        found = os.stat(name, dir_fd=root_fd, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return os.path.samestat(found, os.fstat(fd))


def _remove(root_fd: int, name: str, fd: int) -> None:
    for file in os.listdir(fd):
        os.unlink(file, dir_fd=fd)
    os.rmdir(name, dir_fd=root_fd)


@contextlib.contextmanager
def _opened(name: str, root_fd: int) -> Iterator[int]:
    fd = os.open(name, _DIRECTORY, dir_fd=root_fd)
    try:
        yield fd
    finally:
        os.close(fd)
