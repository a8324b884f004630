"""Translates the library's errors by one table. No package above `media` handles `av.error`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import av.error

from framecap.errors import (
    CaptureError,
    CodecUnsupported,
    ContainerUnsupported,
    LimitExceeded,
    MediaCorrupt,
)

REFERS_TO_OTHERS: Final = "the file refers to other files, which are not read"

TRANSLATION: Final[dict[type[Exception], tuple[type[CaptureError], str]]] = {
    av.error.InvalidDataError: (
        MediaCorrupt,
        "the file is not a video or audio file that can be read",
    ),
    av.error.EOFError: (MediaCorrupt, "the file ends before anything can be read from it"),
    av.error.DemuxerNotFoundError: (CodecUnsupported, "there is no reader for this kind of file"),
    av.error.DecoderNotFoundError: (CodecUnsupported, "there is no decoder for this video"),
    av.error.PatchWelcomeError: (
        CodecUnsupported,
        "the file uses a feature of its format that is not supported",
    ),
    # The error of playlists and file lists when none of the files they name may be opened.
    av.error.PermissionError: (ContainerUnsupported, REFERS_TO_OTHERS),
    av.error.MemoryError: (LimitExceeded, "the file needs more memory than a capture may use"),
}


@contextmanager
def translated() -> Iterator[None]:
    """Turns the library's errors into `CaptureError`s; lets everything else through."""
    try:
        yield
    except av.error.FFmpegError as error:
        raise translate(error) from error


def translate(error: av.error.FFmpegError) -> CaptureError:
    """Returns the `CaptureError` for an error of the library."""
    for kind, (translation, message) in TRANSLATION.items():
        if isinstance(error, kind):
            return translation(message)
    return MediaCorrupt("the file cannot be read")
