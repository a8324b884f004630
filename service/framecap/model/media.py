"""What a source contains, and its decoded frames."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from framecap.timebase import Clock, Nanoseconds, Pts

Plane: TypeAlias = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class Orientation:
    """How a stored picture becomes the displayed one: mirrored first, then turned."""

    quarter_turns: int = 0
    """Clockwise quarter turns, 0..3."""

    mirrored: bool = False
    """True when left and right are exchanged before turning."""


class Model(Enum):
    """What the planes of a picture hold."""

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
    """How light became samples."""

    SDR = "sdr"
    PQ = "pq"
    HLG = "hlg"


class Siting(Enum):
    """Where chroma samples sit among luma samples."""

    LEFT = "left"
    CENTER = "center"
    TOP_LEFT = "top_left"
    TOP = "top"
    BOTTOM_LEFT = "bottom_left"
    BOTTOM = "bottom"


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelLayout:
    """How the samples of a picture are to be understood."""

    model: Model
    """What the planes hold: Y, Cb, Cr · Y · R, G, B; an alpha plane last where `alpha`."""

    depth: int
    """Significant bits of a sample, 8..16; above 8 samples are uint16, low bits used."""

    chroma_shift_x: int = 0
    """log2 of luma columns per chroma column."""

    chroma_shift_y: int = 0
    """log2 of luma rows per chroma row."""

    alpha: bool = False
    """True when the last plane is alpha, full range, not premultiplied."""

    matrix: Matrix = Matrix.BT601
    """The YCbCr coefficients; without meaning for RGB."""

    full_range: bool = False
    """True for 0..2^depth-1, false for the studio range."""

    transfer: Transfer = Transfer.SDR
    """How light became samples."""

    siting: Siting = Siting.LEFT
    """Where chroma samples sit."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Picture:
    """One decoded picture: views on the decoder's own buffers, no copy."""

    planes: tuple[Plane, ...]
    """Shape (rows, columns) each; rows may be padded, columns are adjacent."""

    layout: PixelLayout
    """What the samples mean."""

    sample_aspect_ratio: Fraction
    """The shape of a stored pixel, width to height. Positive."""

    orientation: Orientation
    """How the stored picture becomes the displayed one."""

    @property
    def width(self) -> int:
        """Stored width in pixels, cropped."""
        return int(self.planes[0].shape[1])

    @property
    def height(self) -> int:
        """Stored height in pixels, cropped."""
        return int(self.planes[0].shape[0])


@dataclass(slots=True, eq=False)
class Confirmation:
    """Whether a frame is certain: damage found behind it may tell that it is not."""

    given: bool = False
    """True once it is; never where the reading failed before."""


CERTAIN: Final = Confirmation(given=True)
"""The proof of a frame that was never in doubt."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """One frame, on screen over [pts, end)."""

    pts: Pts
    """When the frame appears."""

    end: Pts
    """When the next one replaces it."""

    keyframe: bool
    """True when its packet and the decoder both call it a keyframe."""

    damaged: bool
    """True when the decoder called it corrupt, or slices it counts on are missing."""

    native: Any = field(repr=False)
    """The library's frame; only `media` looks inside."""

    confirmation: Confirmation = field(default=CERTAIN, repr=False)
    """Whether it is certain. Until then its image may be made, but not given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamStart:
    """When an audio or video stream begins."""

    index: int
    """The stream's index in the container."""

    kind: str
    """`audio` or `video`."""

    start: Fraction
    """Seconds on the container's clock."""


@dataclass(frozen=True, slots=True)
class DolbyVision:
    """How Dolby Vision is coded, as the container says."""

    profile: int
    """The profile: 5, 7, 8, 10 and others."""

    level: int
    """The level: how large and fast the picture is."""

    compatibility: int
    """What shows the base layer right without Dolby Vision's metadata; 0 when nothing does."""

    @property
    def name(self) -> str:
        """The profile as the industry writes it; with the compatibility where that varies."""
        varies = self.profile in (8, 9, 10)
        return f"{self.profile}.{self.compatibility}" if varies else str(self.profile)

    @property
    def needs_metadata(self) -> bool:
        """True when colours are wrong without metadata that this service does not apply."""
        return self.profile == 5 or (self.profile == 10 and self.compatibility == 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaInfo:
    """What a source contains."""

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
    """Stored width in pixels, cropped as the video and its container say."""

    coded_height: int
    """Stored height in pixels, cropped as the video and its container say."""

    display_width: int
    """Width on screen in pixels."""

    display_height: int
    """Height on screen in pixels."""

    sample_aspect_ratio: Fraction
    """The shape of a stored pixel, width to height."""

    orientation: Orientation
    """How the stored picture becomes the displayed one."""

    pixel_format: str
    """The pixel format's name, as libavutil gives it."""

    frame_rate: Fraction | None
    """Frames per second, as the container claims."""

    clock: Clock
    """Translates the stream's pts to media time."""

    streams: tuple[StreamStart, ...]
    """When each audio and video stream starts."""

    duration: Nanoseconds | None
    """How long the video is, as the container claims."""

    frame_count: int | None
    """How many frames there are, as the container claims."""

    dolby_vision: DolbyVision | None = None
    """How Dolby Vision is coded, as the container says; None where it is not."""

    alpha_lost: bool = False
    """True when the stream has alpha that is not decoded."""
