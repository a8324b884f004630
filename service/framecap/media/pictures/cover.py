"""The cover art of audio files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, cast

import av.error
from av.codec.context import CodecContext, Flags
from av.packet import Packet
from av.stream import Discard
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from framecap.errors import CodecUnsupported, MediaCorrupt, MediaError
from framecap.formats.registry import decoded_by
from framecap.media.containers.container import MAX_PIXELS, Container, check_pixels
from framecap.media.containers.streams import NO_COVER_DECODER, covers_of, is_cover
from framecap.media.pictures.decoded import Decoded
from framecap.media.pictures.still import ends_early, is_animated_webp, read_still, unread_format
from framecap.model.lease import Lease
from framecap.model.media import Frame
from framecap.model.spec import ImageFormat

# Broken data must fail: by default the JPEG decoder returns a partial picture without an error.
_OPTIONS: Final = {"max_pixels": str(MAX_PIXELS), "err_detect": "explode"}

_UNDECODABLE: Final = "the cover art cannot be decoded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """An embedded picture."""

    stored: bytes
    """The picture file, as it is stored."""

    frame: Frame
    """The decoded picture. Its time is 0."""

    fault: str | None
    """Why the front cover, or the first, was replaced by this one; None if it was not."""


def read_cover(container: Container, *, strict: bool) -> Cover:
    """Returns the embedded picture, as it is stored and decoded.

    If the chosen picture cannot be used, the next usable one replaces it. The container's decoder
    is then the one for the picture's real format, which may differ from that in its tag.

    Args:
        container: Freshly opened; its chosen stream is a cover.
        strict: True to fail if the chosen picture cannot be used.

    Raises:
        MediaCorrupt: The picture is missing or cannot be decoded whole.
        LimitExceeded: It has too many pixels.
        CodecUnsupported: Its format cannot be read.
    """
    packets = _packets(container)
    first: MediaError | None = None
    for stream in covers_of(container.native)[: 1 if strict else None]:
        try:
            stored, frame = _read(container, stream, packets.get(stream.index))
        except MediaError as error:
            first = first or error
            continue
        container.stream = stream
        return Cover(stored=stored, frame=frame, fault=first.message if first else None)
    assert first is not None, "the chosen stream is a cover"
    raise first


def _read(
    container: Container, stream: VideoStream, packet: Packet[Any] | None
) -> tuple[bytes, Frame]:
    """Returns one picture, as it is stored and decoded."""
    if packet is None:
        raise MediaCorrupt("the cover art is empty")
    stored = bytes(packet)
    if is_animated_webp(stored):
        raise CodecUnsupported("the cover art is an animated WebP, which is not read")
    kind = unread_format(stored)
    if kind is not None:
        raise CodecUnsupported(
            f"the cover art is {kind}, which is not read; replace it with a JPEG or PNG",
            metadata={"format": kind},
        )
    # PyAV's stubs do not say that there may be no decoder.
    context = cast("VideoCodecContext | None", stream.codec_context)
    still = read_still(stored)
    if still is not None:
        check_pixels(still.width, still.height)
        codec = still.codec
    elif context is None:
        raise CodecUnsupported(NO_COVER_DECODER)
    else:
        check_pixels(context.width, context.height)
        codec = context.codec.canonical_name
    decoder = _decoder(codec)
    if ends_early(stored):
        raise MediaCorrupt(_UNDECODABLE)
    native = Lease(Decoded(_decode(decoder, packet)))
    container.decoder = decoder
    return stored, Frame(pts=0, end=1, keyframe=True, damaged=False, native=native)


def stored_format(container: Container) -> ImageFormat | None:
    """Returns the image format of the cover that was read; None if images have no such format."""
    row = decoded_by(container.decoder.codec.canonical_name)
    return None if row is None else row.format


def _packets(container: Container) -> dict[int, Packet[Any]]:
    """Returns the packets of covers, by their streams' indexes.

    The library gives the packets of all covers before any other, so the file need not be searched
    for an empty one.
    """
    for cover in covers_of(container.native):
        cover.discard = Discard.default
    found: dict[int, Packet[Any]] = {}
    try:
        for packet in container.packets(of_all=True):
            if not is_cover(packet.stream):
                break
            if packet.size:
                found.setdefault(packet.stream.index, packet)
    except av.error.FFmpegError as error:
        if container.stream.index not in found:
            raise MediaCorrupt(_UNDECODABLE) from error
    return found


def _decoder(codec: str) -> VideoCodecContext:
    context = cast("VideoCodecContext", CodecContext.create(codec, "r"))
    context.options = dict(_OPTIONS)
    context.flags |= Flags.unaligned
    context.thread_count = 1
    return context


def _decode(decoder: VideoCodecContext, packet: Packet[Any]) -> VideoFrame:
    try:
        return [*decoder.decode(packet), *decoder.decode(None)][0]
    except (av.error.FFmpegError, IndexError) as error:
        raise MediaCorrupt(_UNDECODABLE) from error
