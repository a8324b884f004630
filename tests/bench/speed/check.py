"""Whether two gave the same frames, seen in their pictures and not in what they tell."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from bench.speed import numbered
from bench.speed.films import Film
from bench.speed.jobs import Frame, Run
from bench.speed.numbered import Luma

AT_MOST: Final = 120
"""So many pictures of a run are looked at, evenly spread."""

LEAST_HEIGHT: Final = 90
"""Pictures are decoded at a fraction of their size, but not below this."""

SMALL: Final = (32, 18)
TOLERANCE: Final = 3.0
"""Of pictures without a number: how far the samples of small versions may be apart on average."""

MOSTLY: Final = 0.1
"""Up to this part of a peer's pictures may be others."""

Picture = bytes | Path


class FramesWrong(AssertionError):
    """framecap gave a frame that is not the one on screen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What a comparison found."""

    compared: int
    different: int
    furthest: int | None
    """By how many frames at most, where pictures tell their numbers."""

    more: int
    """How many pictures a peer gave more than framecap; negative: fewer."""

    @property
    def comparable(self) -> bool:
        """True unless more than a tenth of the pictures show others: that is other work."""
        return self.different <= MOSTLY * self.compared

    def __str__(self) -> str:
        found = []
        if self.different:
            by = "" if self.furthest is None else f" by up to {self.furthest} frames"
            found.append(f"{self.different} of {self.compared} off{by}")
        if self.more:
            found.append(f"{self.more:+d} pictures")
        return ", ".join(found) or "same"


def hold(film: Film, run: Run) -> None:
    """Holds framecap's pictures against the numbers that are drawn in them.

    Raises:
        FramesWrong: One is not what it should be.
    """
    if len(run.pictures) != len(run.frames):
        raise FramesWrong(f"{film.name}: {len(run.pictures)} pictures, {len(run.frames)} frames")
    if film.numbers is None:
        return
    for position in _looked_at(len(run.pictures)):
        frame = run.frames[position]
        if not film.is_clear(frame.time):
            continue
        told = round(frame.time * film.rate) % film.numbers
        shown = numbered.number(luma(run.pictures[position]))
        due = film.number_at(max(frame.instant, frame.time)) if _on_grid(film, frame) else told
        if not told == shown == due:
            raise FramesWrong(
                f"{film.name} at {float(frame.instant)} s: {due} is due, {told} is told, "
                f"{shown} is shown"
            )


def compare(film: Film, ours: Run, theirs: Run) -> Check:
    """Compares a peer's pictures with framecap's, in order."""
    both = min(len(ours.pictures), len(theirs.pictures))
    apart: list[int] = []
    looked_at = _looked_at(both)
    for position in looked_at:
        one, other = luma(ours.pictures[position]), luma(theirs.pictures[position])
        if film.numbers is None or not film.is_clear(ours.frames[position].time):
            apart.append(int(_difference(one, other) > TOLERANCE))
        else:
            apart.append(_distance(numbered.number(one), numbered.number(other), film.numbers))
    return Check(
        compared=len(looked_at),
        different=sum(map(bool, apart)),
        furthest=None if film.numbers is None else max(apart, default=0),
        more=len(theirs.pictures) - len(ours.pictures),
    )


def luma(picture: Picture) -> Luma:
    """Returns a picture's luma, decoded at a fraction of its size where it is large."""
    with Image.open(io.BytesIO(picture) if isinstance(picture, bytes) else picture) as image:
        image.draft("L", (1, LEAST_HEIGHT))
        return np.asarray(image.convert("L"))


def _looked_at(count: int) -> Sequence[int]:
    if count <= AT_MOST:
        return range(count)
    return [k * (count - 1) // (AT_MOST - 1) for k in range(AT_MOST)]


def _on_grid(film: Film, frame: Frame) -> bool:
    # A frame that begins at its instant is rounded like its time; one that began before is not.
    return frame.time < frame.instant


def _difference(one: Luma, other: Luma) -> float:
    small = [np.asarray(Image.fromarray(each).resize(SMALL), np.float32) for each in (one, other)]
    return float(np.abs(small[0] - small[1]).mean())


def _distance(one: int | None, other: int | None, period: int) -> int:
    if one is None or other is None:
        return 0 if one is other else period
    around = abs(one - other) % period
    return min(around, period - around)
