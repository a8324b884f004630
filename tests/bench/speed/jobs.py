"""What is asked of framecap and of a peer alike, and what they gave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from pathlib import Path

from bench.speed.films import Film
from bench.speed.ratios import Timing


class Mode(Enum):
    """Which frames."""

    STEPS = "a step"
    EVERY = "every frame"
    KEYFRAMES = "keyframes"
    CHANGES = "changes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One request."""

    mode: Mode
    request: str
    """The request as a user of framecap writes it, without `video/snapshots,f_jpg,`."""

    step: Fraction = Fraction(0)
    """Seconds between instants or samples."""

    size: tuple[int, int] | None = None
    """The box; None is the source's size."""

    crop: bool = False
    """True where the picture covers the box, and what stands out is cut off."""

    def instants(self, film: Film) -> list[Fraction]:
        """Returns the instants in seconds, all below the film's end."""
        end = film.frames / film.rate
        count = -(-end // self.step)
        return [k * self.step for k in range(int(count))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One frame that framecap gave, as it told."""

    instant: Fraction
    """The instant it answers, in seconds."""

    time: Fraction
    """When it comes on screen, in seconds."""

    pts: int
    """The same in the stream's own units, on the container's clock."""

    keyframe: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One answer."""

    timing: Timing
    pictures: Sequence[bytes | Path]
    frames: Sequence[Frame] = ()
    """Of framecap only."""

    decoded: int = 0
    """Frames that were decoded, as framecap counts them."""


class PeerFailed(Exception):
    """A peer cannot do this film."""


def steps(milliseconds: int, *, size: tuple[int, int], crop: bool = False) -> Job:
    """Returns a job for instants at a distance."""
    wanted = f"inter_{milliseconds},w_{size[0]},h_{size[1]}"
    return Job(
        mode=Mode.STEPS,
        request=wanted + (",scaletype_crop" if crop else ""),
        step=Fraction(milliseconds, 1000),
        size=size,
        crop=crop,
    )


def every(size: tuple[int, int] | None = None) -> Job:
    """Returns a job for every frame, at the source's size unless told otherwise."""
    box = f",w_{size[0]},h_{size[1]}" if size else ""
    return Job(mode=Mode.EVERY, request=f"inter_0{box}", size=size)


def keyframes(size: tuple[int, int]) -> Job:
    """Returns a job for all keyframes."""
    return Job(mode=Mode.KEYFRAMES, request=f"m_key,w_{size[0]},h_{size[1]}", size=size)


def changes(milliseconds: int, threshold: int) -> Job:
    """Returns a job for the samples that differ from those before."""
    return Job(
        mode=Mode.CHANGES,
        request=f"m_dhash,inter_{milliseconds},thr_{threshold},w_640,h_360",
        step=Fraction(milliseconds, 1000),
        size=(640, 360),
    )
