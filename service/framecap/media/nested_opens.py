"""What the library may open besides the source: files beside a playlist, and nothing else."""

from __future__ import annotations

from typing import Any, Final

from framecap.errors import CaptureError, ContainerUnsupported
from framecap.media import playlist
from framecap.media.cursor import Cursor, SharedFile
from framecap.media.encryption import check_encryption
from framecap.media.errors import REFERS_TO_OTHERS

# What the library reads by itself, with no way to look at what it opens.
_FILE_LIST: Final = b"ffconcat"

# Of AVIO_FLAG_WRITE.
_WRITE: Final = 2


class Guard:
    """Opens what a playlist refers to; refuses whatever else a file refers to.

    An object of its own, so that a container and its callback do not hold each other.

    Args:
        file: The source.

    Raises:
        CaptureError: It is a playlist that is not read.
    """

    def __init__(self, file: SharedFile) -> None:
        self.refused = 0
        self.error: CaptureError | None = None
        """Why something was refused. The library may go on without it; the capture must not."""
        self.breaks = False
        """True where a playlist read so far says that times begin anew somewhere."""
        self._file = file
        head = file.read_at(0, len(_FILE_LIST))
        self.playlist: Final = head.startswith(playlist.HEAD)
        if self.playlist:
            self._check(file)
        if head == _FILE_LIST:
            raise ContainerUnsupported(REFERS_TO_OTHERS)

    def cursor(self) -> Cursor:
        """Returns the source as the library reads it."""
        return self._file.cursor(playlist.NAME if self.playlist else None)

    def check(self) -> None:
        """Raises what was refused, if anything was."""
        if self.error is not None:
            raise self.error

    def __call__(self, url: str, flags: int, options: Any) -> Any:
        """Returns the file that the library wants to open.

        Raises:
            CaptureError: It may not, and the capture fails.
            PermissionError: It may not.
        """
        try:
            return self._opened(url, flags)
        except CaptureError as error:
            self.error = error
            raise
        except PermissionError:
            self.refused += 1
            raise

    def _opened(self, url: str, flags: int) -> Cursor:
        if not self.playlist or flags & _WRITE:
            raise PermissionError
        reference = playlist.reference_of(url)
        if reference is None:
            raise playlist.outside(url)
        opened = self._file.refer(reference)
        if _is_playlist(opened):
            self._check(opened)
        check_encryption(opened, None)
        return opened.cursor()

    def _check(self, file: SharedFile) -> None:
        text = _text(file)
        playlist.check(text)
        self.breaks |= playlist.breaks(text)


def _is_playlist(file: SharedFile) -> bool:
    return file.read_at(0, len(playlist.HEAD)) == playlist.HEAD


def _text(file: SharedFile) -> bytes:
    parts = []
    have = 0
    while have <= playlist.MAX_BYTES and (part := file.read_at(have, playlist.MAX_BYTES)):
        parts.append(part)
        have += len(part)
    return b"".join(parts)
