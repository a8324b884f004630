"""Cover art that libavformat leaves out, found in its log messages.

libavformat makes no stream of a picture whose tag names an unknown format, and reports it only in
its log. So a file with nothing to capture is opened again and the log is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import av
import av.error
import av.logging
from av.container import InputContainer, OutputContainer

from framecap.errors import NoVideoStream
from framecap.media.containers.cursor import SharedFile
from framecap.media.containers.nested_opens import Guard
from framecap.model.names import shown

_UNKNOWN: Final = re.compile(r"Unknown attached picture mimetype: (.*?)(?:, skipping)?\.\s*\Z")
_NO_MIME_TYPE: Final = "Could not read mimetype from an attached picture"
_UNKNOWN_IN_MP4: Final = "Unknown cover type"

_LINK: Final = "-->"
_IMAGE: Final = "image/"
_COVER_TAG: Final = "cover art"
_COVER_FILE: Final = "cover."

_OPTIONS: Final = {"protocol_whitelist": ""}

_NO_VIDEO: Final = "the file has no video stream, and its cover art"


def unread_cover(file: SharedFile) -> NoVideoStream | None:
    """Returns the error for a file whose only picture is unread; None if it has no picture."""
    guard = Guard(file)
    if guard.playlist:
        return None
    try:
        with _logged() as lines, av.open(guard.cursor(), options=_OPTIONS, io_open=guard) as native:
            kinds = [*_attached(native)]
    except av.error.FFmpegError:
        return None
    kinds += _left_out(lines)
    return _error(kinds[0]) if kinds else None


@contextmanager
def _logged() -> Iterator[list[str]]:
    """Fills a list with the library's warnings when the block ends."""
    lines: list[str] = []
    repeated = av.logging.get_skip_repeated()
    level = av.logging.get_level()
    av.logging.set_skip_repeated(False)
    av.logging.set_level(av.logging.WARNING)
    try:
        with av.logging.Capture(local=True) as captured:
            yield lines
        lines += [text for _, _, text in captured]
    finally:
        av.logging.set_level(level)
        av.logging.set_skip_repeated(repeated)


def _left_out(lines: list[str]) -> Iterator[str | None]:
    """Yields the MIME types of pictures that were left out; None for one without a type."""
    for line in lines:
        if found := _UNKNOWN.match(line):
            yield found[1]
        elif line.startswith(_NO_MIME_TYPE):
            yield ""
        elif line.startswith(_UNKNOWN_IN_MP4):
            yield None


def _attached(native: InputContainer | OutputContainer) -> Iterator[str | None]:
    """Yields the MIME types of attachments that are covers; None for one without a type."""
    for stream in native.streams:
        if stream.type != "attachment":
            continue
        metadata = stream.metadata
        mime = metadata.get("mimetype")
        named = metadata.get("filename", "").lower().startswith(_COVER_FILE)
        tagged = any(name.lower().startswith(_COVER_TAG) for name in metadata)
        if tagged or named or (mime or "").startswith(_IMAGE):
            yield mime


def _error(mime: str | None) -> NoVideoStream:
    if mime == _LINK:
        return NoVideoStream(f"{_NO_VIDEO} is a link, which is not followed; embed the picture")
    if mime == "":
        return NoVideoStream(
            f"{_NO_VIDEO} does not say its format (the MIME type is empty), so that it is not read;"
            " write image/jpeg or image/png in its tag"
        )
    name = "" if mime is None else f" ({shown(mime)})"
    return NoVideoStream(
        f"{_NO_VIDEO} is in a format that is not read there{name}; replace it with a JPEG or PNG",
        metadata={} if mime is None else {"format": mime},
    )
