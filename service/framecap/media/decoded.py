"""What the decoder gave for one frame, as the stages above carry it around unopened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from av.video.frame import VideoFrame

from framecap.model.media import Frame


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """A decoded frame and, where it is interlaced, its neighbours in display order."""

    frame: VideoFrame
    """The frame."""

    before: VideoFrame | None = None
    """The frame before it; None at the beginning, and where the frame is progressive."""

    after: VideoFrame | None = None
    """The frame after it; None at the end, and where the frame is progressive."""


def decoded_of(frame: Frame) -> Decoded:
    """Returns what the decoder gave for a frame."""
    return cast("Decoded", frame.native)


def frame_bytes(frame: Frame) -> int:
    """Returns how many bytes a frame's picture holds."""
    return sum(plane.buffer_size for plane in decoded_of(frame).frame.planes)
