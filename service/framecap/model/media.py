"""The description of a source, and its decoded frames."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from framecap.model.lease import Lease
from framecap.timebase import Clock, Nanoseconds, Pts

Plane: TypeAlias = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class Orientation:
    """The transform from the stored picture to the displayed one: mirrored, then rotated."""

    quarter_turns: int = 0
    """Clockwise quarter turns, 0..3."""

    mirrored: bool = False
    """True when left and right are exchanged before the rotation."""


class Model(Enum):
    """The colour model of a picture's planes."""

    YUV = "yuv"
    GRAY = "gray"
    RGB = "rgb"


class Matrix(Enum):
    """The coefficients between RGB and YCbCr."""

    BT601 = "bt601"
    BT709 = "bt709"
    BT2020 = "bt2020"
    SMPTE240M = "smpte240m"
    FCC = "fcc"


class Transfer(Enum):
    """The transfer function from light to samples."""

    SDR = "sdr"
    PQ = "pq"
    HLG = "hlg"


class Siting(Enum):
    """The position of chroma samples among luma samples."""

    LEFT = "left"
    CENTER = "center"
    TOP_LEFT = "top_left"
    TOP = "top"
    BOTTOM_LEFT = "bottom_left"
    BOTTOM = "bottom"


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelLayout:
    """The meaning of a picture's samples."""

    model: Model
    """The planes: Y, Cb, Cr · Y · R, G, B; then an alpha plane if `alpha`."""

    depth: int
    """Significant bits of a sample, 8..16; above 8 samples are uint16, low bits used."""

    chroma_shift_x: int = 0
    """log2 of luma columns per chroma column."""

    chroma_shift_y: int = 0
    """log2 of luma rows per chroma row."""

    alpha: bool = False
    """True when the last plane is alpha, full range, not premultiplied."""

    matrix: Matrix = Matrix.BT601
    """The YCbCr coefficients; no meaning for RGB."""

    full_range: bool = False
    """True for 0..2^depth-1, False for the studio range."""

    transfer: Transfer = Transfer.SDR
    """The transfer function from light to samples."""

    siting: Siting = Siting.LEFT
    """The position of chroma samples."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Picture:
    """One decoded picture: views on the decoder's own buffers, no copy."""

    planes: tuple[Plane, ...]
    """Shape (rows, columns) each; rows may be padded, columns are adjacent."""

    layout: PixelLayout
    """The meaning of the samples."""

    sample_aspect_ratio: Fraction
    """The shape of a stored pixel, width to height. Positive."""

    orientation: Orientation
    """The transform from the stored picture to the displayed one."""

    @property
    def width(self) -> int:
        """Stored width in pixels, after cropping."""
        return int(self.planes[0].shape[1])

    @property
    def height(self) -> int:
        """Stored height in pixels, after cropping."""
        return int(self.planes[0].shape[0])


@dataclass(slots=True, eq=False)
class Confirmation:
    """Whether a frame is confirmed: damage found after it may show that it is wrong."""

    given: bool = False
    """True once the frame is confirmed; stays False if its segment fails before."""


CERTAIN: Final = Confirmation(given=True)
"""The confirmation of a frame that needs none."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """One frame, on screen over [pts, end)."""

    pts: Pts
    """When the frame appears."""

    end: Pts
    """When the next frame replaces it."""

    keyframe: bool
    """True when its packet and the decoder both call it a keyframe."""

    damaged: bool
    """True when the decoder reported it as corrupt, or slices that it needs are missing."""

    native: Lease[Any] = field(repr=False)
    """The lease of the library's frame; only `media` accesses its contents."""

    confirmation: Confirmation = field(default=CERTAIN, repr=False)
    """Whether it is confirmed. Until then its image may be made, but not yielded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamStart:
    """The start of an audio or video stream."""

    index: int
    """The stream's index in the container."""

    kind: str
    """`audio` or `video`."""

    start: Fraction
    """The start in seconds on the container's clock."""


@dataclass(frozen=True, slots=True)
class DolbyVision:
    """The Dolby Vision configuration that the container states."""

    profile: int
    """The profile: 5, 7, 8, 10 and others."""

    level: int
    """The level: the limit of picture size and frame rate."""

    compatibility: int
    """The format as which the base layer displays right without metadata; 0 for none."""

    @property
    def name(self) -> str:
        """The profile as the industry writes it, with the compatibility if that varies."""
        varies = self.profile in (8, 9, 10)
        return f"{self.profile}.{self.compatibility}" if varies else str(self.profile)

    @property
    def needs_metadata(self) -> bool:
        """True when colours are wrong without metadata that this service does not apply."""
        return self.profile == 5 or (self.profile == 10 and self.compatibility == 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaInfo:
    """The description of a source."""

    container: str
    """The container's name, as libavformat gives it."""

    codec: str
    """The codec's name, as libavcodec gives it."""

    cover: bool
    """True when the picture is the cover art of an audio file."""

    stream_index: int
    """The stream's index in the container."""

    stream_ordinal: int
    """The stream's ordinal among the video streams that are not covers; 0 for a cover."""

    coded_width: int
    """Stored width in pixels, cropped as the video and its container state."""

    coded_height: int
    """Stored height in pixels, cropped as the video and its container state."""

    display_width: int
    """Width on screen in pixels."""

    display_height: int
    """Height on screen in pixels."""

    sample_aspect_ratio: Fraction
    """The shape of a stored pixel, width to height."""

    orientation: Orientation
    """The transform from the stored picture to the displayed one."""

    pixel_format: str
    """The pixel format's name, as libavutil gives it."""

    frame_rate: Fraction | None
    """Frames per second, as the container claims."""

    clock: Clock
    """Converts the stream's pts to media time."""

    streams: tuple[StreamStart, ...]
    """The start of each audio and video stream."""

    duration: Nanoseconds | None
    """The duration that the container claims; None if it claims none."""

    frame_count: int | None
    """The number of frames that the container claims; None if it claims none."""

    dolby_vision: DolbyVision | None = None
    """The Dolby Vision configuration; None if the container states none."""

    alpha_lost: bool = False
    """True when the stream has alpha that is not decoded."""
