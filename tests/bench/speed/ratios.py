"""What is made of timings: ratios within a round, their median and spread, means over inputs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Timing:
    """One run."""

    wall: float
    """Seconds from asking to the last picture."""

    cpu: float
    """Processor seconds of all that took part, client included."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The ratios of several rounds."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Sums up at least one value."""
        return cls(median(values), min(values), max(values))


@dataclass(frozen=True, slots=True)
class Target:
    """What a ratio has to reach. Where `most` is set it has to stay below, else above."""

    mean: float
    """The geometric mean over the inputs."""

    each: float | None = None
    """Each input by itself; None asks nothing."""

    most: bool = False
    """True where less is better."""

    def met(self, found: float, wanted: float) -> bool:
        """Returns whether a ratio is good enough."""
        return found <= wanted if self.most else found >= wanted


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a row stands against its target."""

    mean: float
    worst: float
    """The least of the inputs, or the largest where less is better."""

    met: bool

    @classmethod
    def of(cls, ratios: Sequence[float], target: Target) -> Verdict:
        """Judges the inputs' ratios, of which there is at least one."""
        mean = geometric_mean(ratios)
        worst = max(ratios) if target.most else min(ratios)
        met = target.met(mean, target.mean)
        if target.each is not None:
            met = met and target.met(worst, target.each)
        return cls(mean, worst, met)


def geometric_mean(values: Iterable[float]) -> float:
    """Returns the mean for ratios."""
    logs = [math.log(value) for value in values]
    return math.exp(sum(logs) / len(logs))


def walls(above: Sequence[Timing], below: Sequence[Timing]) -> Spread:
    """Returns the ratios of wall time, round by round."""
    return Spread.of([a.wall / b.wall for a, b in zip(above, below, strict=False)])


def cpus(above: Sequence[Timing], below: Sequence[Timing]) -> Spread:
    """Returns the ratios of processor time, round by round."""
    return Spread.of([a.cpu / b.cpu for a, b in zip(above, below, strict=False)])


def typical(timings: Sequence[Timing]) -> Timing:
    """Returns the medians."""
    return Timing(median(t.wall for t in timings), median(t.cpu for t in timings))
