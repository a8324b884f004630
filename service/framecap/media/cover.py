"""The cover art of audio files."""

from __future__ import annotations

from typing import Any, Final, cast

import av.error
from av.codec.context import CodecContext, Flags
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from framecap.errors import CodecUnsupported, MediaCorrupt
from framecap.media.container import MAX_PIXELS, Container, check_pixels
from framecap.media.decoded import Decoded
from framecap.media.still import ends_early, is_animated_webp, read_still
from framecap.media.streams import is_cover
from framecap.model.media import Frame
from framecap.model.spec import ImageFormat

_FORMATS: Final = {"mjpeg": ImageFormat.JPG, "png": ImageFormat.PNG}

# Broken data is to fail: by itself the decoder of JPEG shows what there is, without a word.
_OPTIONS: Final = {"max_pixels": str(MAX_PIXELS), "err_detect": "explode"}

_UNDECODABLE: Final = "the cover art cannot be decoded"


def read_cover(container: Container) -> tuple[bytes, Frame]:
    """Returns the embedded picture, as it is stored and decoded. Its time is 0.

    From here on the container's decoder is the one for what the picture really is, which need not
    be what its tag says.

    Args:
        container: Freshly opened; its chosen stream is a cover.

    Raises:
        MediaCorrupt: The picture is missing or cannot be decoded whole.
        LimitExceeded: It has too many pixels.
        CodecUnsupported: It is an animated WebP.
    """
    packet = _packet(container)
    stored = bytes(packet)
    if is_animated_webp(stored):
        raise CodecUnsupported("the cover art is an animated WebP, which is not read")
    still = read_still(stored)
    codec = container.decoder.codec.canonical_name
    if still is not None:
        check_pixels(still.width, still.height)
        codec = still.codec
    container.decoder = _decoder(codec)
    if ends_early(stored):
        raise MediaCorrupt(_UNDECODABLE)
    return stored, Frame(
        pts=0,
        end=1,
        keyframe=True,
        damaged=False,
        native=Decoded(_decode(container.decoder, packet)),
    )


def stored_format(container: Container) -> ImageFormat | None:
    """Returns the format of the cover that was read; None when it is neither JPG nor PNG."""
    return _FORMATS.get(container.decoder.codec.canonical_name)


def _packet(container: Container) -> Packet[Any]:
    """Returns the packet that holds the chosen picture.

    The library gives those of all covers before any other, so the file need not be searched for
    one that is empty.
    """
    try:
        for packet in container.packets(of_all=True):
            if packet.stream == container.stream and packet.size:
                return packet
            if not is_cover(packet.stream):
                break
    except av.error.FFmpegError as error:
        raise MediaCorrupt(_UNDECODABLE) from error
    raise MediaCorrupt("the cover art is empty")


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
