"""How a capture decodes and what its pictures measure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from framecap.timebase import Nanoseconds


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
    KEYFRAMES = "keyframes"
    SEEK = "seek"
    TWO_PASSES = "two_passes"
    COVER = "cover"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a capture decodes. Immutable; made before the first image."""

    strategy: Strategy
    """How frames are reached."""

    expected_count: int | None
    """How many images are expected; None when only decoding tells."""

    exact: bool
    """True when `expected_count` is certain."""

    decode_count: int | None
    """How many frames will be decoded, about."""

    read_bytes: int | None
    """How many bytes will be read, about."""

    geometry: Geometry
    """What the pictures measure, as long as the video's size does not change."""

    end: Nanoseconds | None
    """The true end of the video where it was measured."""

    explanation: str
    """Why this strategy, in a sentence."""
