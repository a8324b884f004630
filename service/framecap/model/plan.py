"""How a capture decodes and what its pictures measure."""

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
    """Where, in the scaled picture, the part that is kept begins."""

    content: Size
    """The size of the part that is kept."""

    canvas: Size
    """The size of the image."""

    pad: Offset
    """Where, in the image, the kept part begins; the rest is black."""


class Strategy(Enum):
    """How frames are reached."""

    SEQUENTIAL = "sequential"
    SLICED = "sliced"
    KEYFRAMES = "keyframes"
    SEEK = "seek"
    TWO_PASSES = "two_passes"
    COVER = "cover"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """What lies between two packets of a stream, both included."""

    frames: int
    """Frames, about where the container has no list of them."""

    size: int
    """Bytes of the source, other streams' among them; 0 where that is not known."""


class KeyIndex(Protocol):
    """Where keyframes are, as a container tells it: by dts, which may be a little before pts."""

    def key_before(self, moment: Pts) -> Pts | None:
        """Returns the last keyframe at or before `moment`."""
        ...

    def key_after(self, moment: Pts) -> Pts | None:
        """Returns the first keyframe after `moment`."""
        ...

    def span(self, begin: Pts, end: Pts) -> Span:
        """Returns what lies from the packet at `begin` to the one on screen at `end`."""
        ...

    @property
    def last(self) -> Pts:
        """The last packet or keyframe there is."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessModes:
    """Which shorter ways lead to the frames of a stream."""

    sliced: bool = False
    """True when groups of pictures may be decoded each by itself."""

    seekable: bool = False
    """True when they may be reached by seeking, and reading everything is no cheaper."""

    keyframes: bool = False
    """True when keyframes may be decoded each by itself."""

    index: KeyIndex | None = None
    """Where keyframes are; None where the container does not tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a way to the frames takes."""

    frames: int | None = None
    """Frames to decode, at most; None where only reading tells."""

    size: int | None = None
    """Bytes to read, about."""

    groups: int | None = None
    """Groups of pictures to decode from; None where only reading tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a capture decodes. Immutable; made before the first image."""

    strategy: Strategy
    """How the capture goes about."""

    reading: Strategy
    """How each reading reaches frames: `SEEK`, `SLICED` or `SEQUENTIAL`."""

    expected_count: int | None
    """How many images are expected; None when only decoding tells."""

    exact: bool
    """True when `expected_count` is certain."""

    decode_count: int | None
    """How many frames will be decoded, at most and about; None where only decoding tells."""

    read_bytes: int | None
    """How many bytes will be read, about."""

    geometry: Geometry
    """What the pictures measure, as long as the video's size does not change."""

    end: Nanoseconds | None
    """The true end of the video where it was measured."""

    explanation: str
    """Why this strategy, in a sentence."""
