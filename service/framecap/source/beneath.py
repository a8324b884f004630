"""Opening a file beneath a directory, so that nothing leads out of it."""

from __future__ import annotations

import errno
import os
import stat
from typing import Final

from framecap.source.opened import OpenSource
from framecap.source.regular import not_allowed, open_regular

DIRECTORY: Final = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC

# What O_NOFOLLOW gives for a symbolic link: the second where a directory was asked for.
_LINK: Final = frozenset({errno.ELOOP, errno.ENOTDIR})


def open_beneath(
    root: str, path: str, *, public_name: str, bucket: str | None, key: str
) -> OpenSource:
    """Returns the open source at `path` beneath the directory `root`.

    Each segment is opened in the directory opened before it, and none through a symbolic link: what
    others rename or link meanwhile cannot lead elsewhere, and nothing is checked before it is used.

    Args:
        root: The directory. Symbolic links on the way to it are the operator's and are followed.
        path: Segments below it, none of them empty, `.` or `..`.
        public_name: The name that errors and the source carry.
        bucket: The bucket that the source carries.
        key: The key that the source carries.

    Raises:
        OSError: There is no such file, or it cannot be opened.
        SourceNotAllowed: The way leads through a symbolic link, or to something that is not a
            regular file.
    """
    *parents, name = path.split("/")
    directory = os.open(root, DIRECTORY)
    segment = ""
    try:
        for segment in parents:
            below = os.open(segment, DIRECTORY | os.O_NOFOLLOW, dir_fd=directory)
            os.close(directory)
            directory = below
        segment = name
        return open_regular(
            name,
            public_name=public_name,
            bucket=bucket,
            key=key,
            flags=os.O_NOFOLLOW,
            dir_fd=directory,
        )
    except OSError as error:
        if error.errno in _LINK and _is_link(segment, directory):
            raise not_allowed(public_name, "leads through a symbolic link") from None
        raise
    finally:
        os.close(directory)


def _is_link(name: str, directory: int) -> bool:
    """Returns whether `name` is a symbolic link; only for the sentence, nothing depends on it."""
    try:
        return stat.S_ISLNK(os.stat(name, dir_fd=directory, follow_symlinks=False).st_mode)
    except OSError:
        return False
