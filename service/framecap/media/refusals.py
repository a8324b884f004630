"""Refuses kinds of files that cannot be captured, with errors that name the kind and a remedy."""

from __future__ import annotations

from typing import Final

from framecap.errors import CodecUnsupported, MediaCorrupt, MediaError, NoVideoStream
from framecap.media.bitstream.damage import SliceCheck
from framecap.media.containers import ebml
from framecap.media.containers.boxes import boxes_in_file, is_boxed, path_in_file
from framecap.media.containers.container import Container
from framecap.media.containers.cursor import SharedFile
from framecap.media.containers.encryption import Track, check_encryption, check_scrambling
from framecap.media.containers.unread_covers import unread_cover
from framecap.media.containers.window import Window
from framecap.media.pictures.still import is_animated_webp
from framecap.media.probe import ordinal

_HEAD_BYTES: Final = 32

_TS: Final = "mpegts"

_JOIN: Final = (
    "capture from the stream's HLS playlist, or join the init segment and the media segments,"
    " in this order, into one file"
)

_MEDIA_SEGMENT: Final = f"the file is a media segment without its init segment; {_JOIN}"
_INIT_SEGMENT: Final = f"the file is an init segment alone, which has no pictures; {_JOIN}"


def open_container(file: SharedFile, slices: SliceCheck) -> Container:
    """Returns a container on a file that may be decoded.

    Args:
        file: The source.
        slices: Finds HEVC keyframes that lack slices.

    Raises:
        MediaEncrypted: Its video is encrypted.
        MediaError: The file has nothing to capture, or cannot be read.
    """
    if is_animated_webp(file.read_at(0, _HEAD_BYTES)):
        raise CodecUnsupported(
            "the file is an animated WebP, which is not read; convert it to a video, or to a GIF"
        )
    try:
        container = Container(file, slices=slices)
    except MediaCorrupt as error:
        check_encryption(file, None)
        raise _explained(file) or error from error
    except NoVideoStream as error:
        raise unread_cover(file) or error from error
    except MediaError:
        check_encryption(file, None)
        raise
    try:
        if not container.cover:
            check_encryption(file, Track(id=container.stream.id, ordinal=ordinal(container)))
    except BaseException:
        container.close()
        raise
    return container


def check_decoded_nothing(container: Container) -> None:
    """Raises the error that explains why no frame of a file was decoded, if one does.

    Raises:
        MediaEncrypted: The video is scrambled.
        MediaCorrupt: The file is a segment of a stream, which has no frames by itself.
    """
    if container.native.format.name == _TS:
        check_scrambling(container.file, container.stream.id)
    error = _explained(container.file)
    if error is not None:
        raise error


def _explained(file: SharedFile) -> MediaCorrupt | None:
    """Returns the error of a lone segment of a stream; None for other files."""
    window = Window(file)
    if window.read_at(0, 4) in (ebml.HEAD, ebml.CLUSTER.to_bytes(4, "big")):
        return _explained_matroska(window)
    if not is_boxed(window):
        return None
    boxes = list(boxes_in_file(window))
    kinds = {box.kind for box in boxes}
    moov = next((box for box in boxes if box.kind == b"moov"), None)
    if moov is None:
        return MediaCorrupt(_MEDIA_SEGMENT) if kinds & {b"moof", b"styp"} else None
    if b"moof" not in kinds and path_in_file(window, moov, b"mvex") is not None:
        return MediaCorrupt(_INIT_SEGMENT)
    return None


def _explained_matroska(window: Window) -> MediaCorrupt | None:
    top = list(ebml.elements(window, 0, window.size))
    if top and top[0].id == ebml.CLUSTER:
        return MediaCorrupt(_MEDIA_SEGMENT)
    for segment in top:
        if segment.id == ebml.SEGMENT:
            within = {each.id for each in ebml.elements(window, segment.begin, segment.end)}
            if ebml.TRACKS in within and ebml.CLUSTER not in within:
                return MediaCorrupt(_INIT_SEGMENT)
    return None
