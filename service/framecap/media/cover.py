"""The cover art of audio files."""

from __future__ import annotations

from typing import Final

import av.error
from av.video.frame import VideoFrame

from framecap.errors import MediaCorrupt
from framecap.media.container import Container
from framecap.media.decoded import Decoded
from framecap.model.media import Frame
from framecap.model.spec import ImageFormat

_FORMATS: Final = {"mjpeg": ImageFormat.JPG, "png": ImageFormat.PNG}


def read_cover(container: Container) -> tuple[bytes, Frame]:
    """Returns the embedded picture, as it is stored and decoded. Its time is 0.

    Args:
        container: Freshly opened; its chosen stream is a cover.

    Raises:
        MediaCorrupt: The picture is missing or cannot be decoded.
    """
    try:
        packet = next(
            packet for packet in container.native.demux(container.stream) if packet.size > 0
        )
        stored = bytes(packet)
        context = container.decoder
        native: VideoFrame = [*context.decode(packet), *context.decode(None)][0]
    except (av.error.FFmpegError, StopIteration, IndexError) as error:
        raise MediaCorrupt("the cover art cannot be decoded") from error
    return stored, Frame(
        pts=0, end=1, keyframe=True, damaged=native.is_corrupt, native=Decoded(native)
    )


def stored_format(container: Container) -> ImageFormat | None:
    """Returns the format of the embedded picture; None when it is neither JPG nor PNG."""
    return _FORMATS.get(container.decoder.codec.canonical_name)
