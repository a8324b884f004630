"""How well what was found meets what is there."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.cuts.truth import Truth

TOLERANCE = 1


@dataclass(frozen=True)
class Score:
    """Counts of hard cuts and of what was taken for them."""

    matched: int
    found: int
    cuts: int

    @property
    def precision(self) -> float:
        """The share of what was found that is a cut; 1 where nothing was found."""
        return self.matched / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """The share of the cuts that was found; 1 where there are none."""
        return self.matched / self.cuts if self.cuts else 1.0

    @property
    def f1(self) -> float:
        """The harmonic mean of both; 1 where there is nothing to find and nothing was found."""
        total = self.found + self.cuts
        return 2 * self.matched / total if total else 1.0


@dataclass(frozen=True)
class Coverage:
    """How many shots hold at least one captured frame."""

    shots: int
    covered: int
    captured: int
    """Captured frames inside these shots."""

    @property
    def share(self) -> float:
        """The share of the shots that is covered."""
        return self.covered / self.shots if self.shots else 1.0

    @property
    def each(self) -> float:
        """Captured frames in a covered shot, on average."""
        return self.captured / self.covered if self.covered else 0.0


def pairs(
    cuts: Iterable[int], found: Iterable[int], tolerance: int = TOLERANCE
) -> list[tuple[int, int]]:
    """Returns as many pairs of a cut and a find as there can be, each in one pair at most.

    Two make a pair when they are at most `tolerance` frames apart. Since all may be equally far
    apart, the earliest with the earliest is never worse than another choice.
    """
    made = []
    finds = iter(sorted(set(found)))
    find = next(finds, None)
    for cut in sorted(set(cuts)):
        while find is not None and find < cut - tolerance:
            find = next(finds, None)
        if find is not None and find <= cut + tolerance:
            made.append((cut, find))
            find = next(finds, None)
    return made


def score(truth: Truth, found: Iterable[int], tolerance: int = TOLERANCE) -> Score:
    """Returns the score of the frames that were taken for cuts.

    Every hard cut counts. What was found in an unscored place and meets no hard cut does not.
    """
    found = set(found)
    made = pairs(truth.cuts, found, tolerance)
    others = found - {find for _, find in made}
    wrong = sum(map(truth.scores, others))
    return Score(matched=len(made), found=len(made) + wrong, cuts=len(truth.cuts))


def coverage(shots: Sequence[range], captured: Iterable[int]) -> Coverage:
    """Returns how many shots the captured frames show, and how often."""
    frames = sorted(set(captured))
    inside = [bisect_left(frames, shot.stop) - bisect_left(frames, shot.start) for shot in shots]
    return Coverage(
        shots=len(shots), covered=sum(count > 0 for count in inside), captured=sum(inside)
    )
