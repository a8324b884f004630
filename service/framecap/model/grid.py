"""Instants in a row: where on the time line frames are wanted.

A grid answers two questions exactly, in constant or logarithmic time: how many of its instants lie
before a moment, and which is the k-th. So a frame knows what it answers without the instants
being listed.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from framecap.timebase import Nanoseconds


class Grid(Protocol):
    """Ascending instants of media time, in nanoseconds."""

    def before(self, moment: Fraction) -> int:
        """Returns how many instants are less than `moment`."""
        ...

    def at(self, position: int) -> Fraction:
        """Returns the instant at `position`, from 0."""
        ...

    @property
    def count(self) -> int | None:
        """How many instants there are; None when nothing bounds them."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class UniformGrid:
    """Instants `start + k * step`, less than `end`, at most `limit`."""

    start: Fraction
    """The first instant."""

    step: Fraction
    """The distance between two. Positive."""

    end: Nanoseconds | None = None
    """Where the grid ends, exclusive."""

    limit: int | None = None
    """The most instants."""

    @property
    def count(self) -> int | None:
        """How many instants there are; None when nothing bounds them."""
        if self.end is None:
            return self.limit
        inside = self._steps(Fraction(self.end))
        return inside if self.limit is None else min(inside, self.limit)

    def before(self, moment: Fraction) -> int:
        """Returns how many instants are less than `moment`."""
        steps = self._steps(moment)
        bound = self.count
        return steps if bound is None else min(steps, bound)

    def at(self, position: int) -> Fraction:
        """Returns the instant at `position`, from 0."""
        return self.start + position * self.step

    def _steps(self, moment: Fraction) -> int:
        return max(0, -(-(moment - self.start) // self.step))


@dataclass(frozen=True, slots=True)
class ListedGrid:
    """Instants a caller listed, ascending and without repetition."""

    instants: tuple[Nanoseconds, ...]
    """The instants."""

    @property
    def count(self) -> int:
        """How many instants there are."""
        return len(self.instants)

    def before(self, moment: Fraction) -> int:
        """Returns how many instants are less than `moment`."""
        return bisect_left(self.instants, moment)

    def at(self, position: int) -> Fraction:
        """Returns the instant at `position`, from 0."""
        return Fraction(self.instants[position])
