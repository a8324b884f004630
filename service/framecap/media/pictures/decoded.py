"""The decoder's frame, which the stages above `media` pass on without inspecting it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from av.video.frame import VideoFrame

from framecap.model.media import Frame


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """A decoded frame and, if it is interlaced, its neighbours in display order."""

    frame: VideoFrame
    """The frame."""

    before: VideoFrame | None = None
    """The frame before it; None for the first frame, and for a progressive one."""

    after: VideoFrame | None = None
    """The frame after it; None for the last frame, and for a progressive one."""


def decoded_of(frame: Frame) -> Decoded:
    """Returns the decoder's frame behind a frame.

    Raises:
        PictureReleased: It was released.
    """
    return cast("Decoded", frame.native.picture)


def frame_bytes(frame: Frame) -> int:
    """Returns the bytes in the buffers of a frame's picture."""
    return sum(plane.buffer_size for plane in decoded_of(frame).frame.planes)
