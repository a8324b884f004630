"""The plan of a capture: decode strategy, cost and geometry."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from framecap.timebase import Nanoseconds, Pts


@dataclass(frozen=True, slots=True)
class Size:
    """Pixels across and down, both at least 1."""

    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Offset:
    """Pixels from the left and from the top."""

    x: int
    y: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Geometry:
    """From the displayed picture to the image, in four whole-pixel steps."""

    scaled: Size
    """The size the whole displayed picture is scaled to."""

    crop: Offset
    """The offset of the content in the scaled picture."""

    content: Size
    """The size of the content: the cropped, scaled picture."""

    canvas: Size
    """The size of the image."""

    pad: Offset
    """The offset of the content in the image; the rest is black."""


class Strategy(Enum):
    """The decode strategy: how a capture gets to its frames."""

    SEQUENTIAL = "sequential"
    SLICED = "sliced"
    KEYFRAMES = "keyframes"
    SEEK = "seek"
    TWO_PASSES = "two_passes"
    COVER = "cover"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The packets from one to another of a stream, both included."""

    frames: int
    """The number of frames, an estimate if the container has no index of them."""

    size: int
    """Bytes of the source, other streams' included; 0 when not known."""


class KeyIndex(Protocol):
    """The keyframe index of a container. It is by dts, which may be a little before pts."""

    def key_before(self, moment: Pts) -> Pts | None:
        """Returns the last keyframe at or before `moment`."""
        ...

    def key_after(self, moment: Pts) -> Pts | None:
        """Returns the first keyframe after `moment`."""
        ...

    def span(self, begin: Pts, end: Pts) -> Span:
        """Returns the span from the packet at `begin` to the one on screen at `end`."""
        ...

    @property
    def last(self) -> Pts:
        """The time of the last packet or keyframe."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessModes:
    """The access modes of a stream: the faster alternatives to a sequential decode."""

    sliced: bool = False
    """True when each group of pictures may be decoded independently."""

    seekable: bool = False
    """True when groups may be sought, and reading the whole source is not cheaper."""

    keyframes: bool = False
    """True when each keyframe may be decoded independently."""

    index: KeyIndex | None = None
    """The keyframe index; None if the container has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """The estimated cost of an access path."""

    frames: int | None = None
    """Frames to decode, at most; None when not known before reading."""

    size: int | None = None
    """Bytes to read, approximately; None when not known."""

    groups: int | None = None
    """Groups of pictures to decode from; None when not known before reading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The plan of a capture. Immutable; made before the first image."""

    strategy: Strategy
    """The strategy of the whole capture."""

    reading: Strategy
    """The strategy of each pass: `SEEK`, `SLICED` or `SEQUENTIAL`."""

    expected_count: int | None
    """The expected number of images; None when not known before decoding."""

    exact: bool
    """True when `expected_count` is certain."""

    decode_count: int | None
    """An estimate of the most frames to decode; None when not known before decoding."""

    read_bytes: int | None
    """An estimate of the bytes to read; None when not known."""

    geometry: Geometry
    """The geometry of the images, as long as the video's size does not change."""

    end: Nanoseconds | None
    """The true end of the video; None if it was not measured."""

    explanation: str
    """The reason for this strategy, in a sentence."""
