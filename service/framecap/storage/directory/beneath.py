"""Opening files beneath a directory; no path leads out of it."""

from __future__ import annotations

import errno
import os
import stat
from typing import Final

from framecap.source.opened import OpenSource
from framecap.source.refusals import not_allowed
from framecap.storage.directory.regular import open_regular

DIRECTORY: Final = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC

# The errors of O_NOFOLLOW for a symbolic link: ENOTDIR when O_DIRECTORY is set.
_LINK: Final = frozenset({errno.ELOOP, errno.ENOTDIR})


def open_beneath(
    root: str, path: str, *, public_name: str, bucket: str | None, key: str
) -> OpenSource:
    """Returns the open source at `path` beneath the directory `root`.

    It opens each segment in its already open parent, and follows no symbolic link. So a concurrent
    rename or link cannot lead elsewhere, and there is no gap between a check and its use.

    Args:
        root: The directory. Symbolic links in its own path are the operator's and are followed.
        path: Segments below it, none of them empty, `.` or `..`.
        public_name: The source's name in errors and events.
        bucket: The source's bucket.
        key: The source's key.

    Raises:
        OSError: There is no such file, or it cannot be opened.
        SourceNotAllowed: The path leads through a symbolic link, or to something that is not a
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
    """Returns whether `name` is a symbolic link; only the error message depends on it."""
    try:
        return stat.S_ISLNK(os.stat(name, dir_fd=directory, follow_symlinks=False).st_mode)
    except OSError:
        return False
