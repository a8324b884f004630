"""Grids: ascending instants of media time at which frames are wanted.

A grid answers two queries exactly, in constant or logarithmic time: the number of its instants
before a moment, and the k-th instant. So the instants that a frame answers are found without
listing them all.
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
        """Returns the number of instants less than `moment`."""
        ...

    def at(self, position: int) -> Fraction:
        """Returns the instant at `position`, from 0."""
        ...

    @property
    def count(self) -> int | None:
        """The number of instants; None when nothing bounds them."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class UniformGrid:
    """Instants `start + k * step`, less than `end`, at most `limit`."""

    start: Fraction
    """The first instant."""

    step: Fraction
    """The distance between two instants. Positive."""

    end: Nanoseconds | None = None
    """The end of the grid, exclusive; None when nothing but `limit` bounds it."""

    limit: int | None = None
    """The most instants."""

    @property
    def count(self) -> int | None:
        """The number of instants; None when nothing bounds them."""
        if self.end is None:
            return self.limit
        inside = self._steps(Fraction(self.end))
        return inside if self.limit is None else min(inside, self.limit)

    def before(self, moment: Fraction) -> int:
        """Returns the number of instants less than `moment`."""
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
    """Instants listed by the request, ascending and without repetition."""

    instants: tuple[Nanoseconds, ...]
    """The instants."""

    @property
    def count(self) -> int:
        """The number of instants."""
        return len(self.instants)

    def before(self, moment: Fraction) -> int:
        """Returns the number of instants less than `moment`."""
        return bisect_left(self.instants, moment)

    def at(self, position: int) -> Fraction:
        """Returns the instant at `position`, from 0."""
        return Fraction(self.instants[position])
