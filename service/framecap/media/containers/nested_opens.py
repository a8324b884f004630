"""Guards the files that the library opens besides the source: only those beside a playlist."""

from __future__ import annotations

from typing import Any, Final

from framecap.errors import CaptureError, ContainerUnsupported
from framecap.media.containers import playlist
from framecap.media.containers.cursor import Cursor, SharedFile
from framecap.media.containers.encryption import check_encryption
from framecap.media.errors import REFERS_TO_OTHERS

# The signature of a file list, whose files the library opens without calling back.
_FILE_LIST: Final = b"ffconcat"

# AVIO_FLAG_WRITE.
_WRITE: Final = 2


class Guard:
    """Opens the files that a playlist refers to; refuses the references of all other files.

    It is separate from the container so that container and callback do not refer to each other.

    Args:
        file: The source.

    Raises:
        CaptureError: The source is a playlist that is not read, or a file list.
    """

    def __init__(self, file: SharedFile) -> None:
        self.refused = 0
        self.error: CaptureError | None = None
        """The reason of a refusal. The library may go on without the file; the capture must not."""
        self.breaks = False
        """True when a playlist read so far states that times begin anew somewhere."""
        self._file = file
        head = file.read_at(0, len(_FILE_LIST))
        self.playlist: Final = head.startswith(playlist.HEAD)
        if self.playlist:
            self._check(file)
        if head == _FILE_LIST:
            raise ContainerUnsupported(REFERS_TO_OTHERS)

    def cursor(self) -> Cursor:
        """Returns the cursor through which the library reads the source."""
        return self._file.cursor(playlist.NAME if self.playlist else None)

    def check(self) -> None:
        """Raises the error of a refused file, if there is one."""
        if self.error is not None:
            raise self.error

    def __call__(self, url: str, flags: int, options: Any) -> Any:
        """Returns the file that the library wants to open.

        Raises:
            CaptureError: The file is refused, and the capture fails.
            PermissionError: The file is refused.
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
    chunks = []
    have = 0
    while have <= playlist.MAX_BYTES and (chunk := file.read_at(have, playlist.MAX_BYTES)):
        chunks.append(chunk)
        have += len(chunk)
    return b"".join(chunks)
