"""The pictures of a stream that must be decoded, decided from packet times alone.

A picture is on screen over [pts, end). Thousands of packets query whether their picture is wanted,
and when the next wanted one is on screen, so both queries are a few operations on integers.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from math import lcm
from typing import Protocol, Self

from framecap.model.grid import Grid, UniformGrid
from framecap.timebase import NANOSECONDS_PER_SECOND, Clock, Pts


class Wanted(Protocol):
    """Decides which pictures must be decoded."""

    def holds(self, pts: Pts, end: Pts | None) -> bool:
        """Returns whether a picture on screen over [pts, end) is wanted; None is no end."""
        ...

    def following(self, pts: Pts) -> Pts | None:
        """Returns the first wanted moment at or after `pts`, or None."""
        ...

    def preceding(self, pts: Pts | None) -> Pts | None:
        """Returns the last wanted moment before `pts`; None if there is none, or no last one."""
        ...


@dataclass(frozen=True, slots=True)
class PtsRange:
    """Every picture on screen at or after `begin` that appears before `stop`."""

    begin: Pts
    """The first moment."""

    stop: Pts | None = None
    """The end of the range, exclusive; None is the end of the video."""

    def holds(self, pts: Pts, end: Pts | None) -> bool:
        """Returns whether a picture is on screen within the range."""
        return (end is None or end > self.begin) and (self.stop is None or pts < self.stop)

    def following(self, pts: Pts) -> Pts | None:
        """Returns the first moment of the range at or after `pts`."""
        moment = max(pts, self.begin)
        return moment if self.stop is None or moment < self.stop else None

    def preceding(self, pts: Pts | None) -> Pts | None:
        """Returns the last moment of the range before `pts`."""
        bounds = [bound for bound in (pts, self.stop) if bound is not None]
        if not bounds or min(bounds) <= self.begin:
            return None
        return min(bounds) - 1


@dataclass(frozen=True, slots=True)
class Instants:
    """The pictures on screen at listed moments."""

    moments: Sequence[Pts]
    """Ascending."""

    def holds(self, pts: Pts, end: Pts | None) -> bool:
        """Returns whether a moment lies in [pts, end)."""
        moment = self.following(pts)
        return moment is not None and (end is None or moment < end)

    def following(self, pts: Pts) -> Pts | None:
        """Returns the first moment at or after `pts`."""
        found = bisect_left(self.moments, pts)
        return self.moments[found] if found < len(self.moments) else None

    def preceding(self, pts: Pts | None) -> Pts | None:
        """Returns the last moment before `pts`."""
        found = len(self.moments) if pts is None else bisect_left(self.moments, pts)
        return self.moments[found - 1] if found else None


@dataclass(frozen=True, slots=True)
class Spaced:
    """The pictures on screen at the instants of a uniform grid.

    Instant k lies at `(k * step + start) / unit` of the time base, all of them whole numbers.
    """

    start: int
    """Instant 0, in `unit`ths."""

    step: int
    """The distance between two instants, in `unit`ths. Positive."""

    unit: int
    """The number of `unit`ths in one tick of the time base. Positive."""

    count: int | None
    """The number of instants; None when nothing bounds them."""

    @classmethod
    def along(cls, grid: UniformGrid, clock: Clock) -> Self:
        """Returns the instants of a grid, in a stream's time base."""
        scale = 1 / (NANOSECONDS_PER_SECOND * clock.time_base)
        start = grid.start * scale + clock.zero / clock.time_base
        step = grid.step * scale
        unit = lcm(start.denominator, step.denominator)
        return cls(int(start * unit), int(step * unit), unit, grid.count)

    def holds(self, pts: Pts, end: Pts | None) -> bool:
        """Returns whether an instant lies in [pts, end)."""
        first = self._before(pts)
        if self.count is not None and first >= self.count:
            return False
        return end is None or self._before(end) > first

    def following(self, pts: Pts) -> Pts | None:
        """Returns the last pts at or before the first instant not before `pts`."""
        position = self._before(pts)
        return None if self.count is not None and position >= self.count else self._at(position)

    def preceding(self, pts: Pts | None) -> Pts | None:
        """Returns the last pts at or before the last instant before `pts`."""
        if pts is None:
            return self._at(self.count - 1) if self.count else None
        position = self._before(pts)
        if self.count is not None:
            position = min(position, self.count)
        return self._at(position - 1) if position else None

    def _before(self, pts: Pts) -> int:
        """Returns the number of instants before `pts`, if the grid had no end."""
        return max(0, -((self.start - pts * self.unit) // self.step))

    def _at(self, position: int) -> Pts:
        return (position * self.step + self.start) // self.unit


@dataclass(frozen=True, slots=True)
class WantedRange:
    """The moments in [begin, stop) of another `Wanted`."""

    whole: Wanted
    """The wanted pictures of the whole stream."""

    begin: Pts
    """The first moment."""

    stop: Pts | None
    """The end of the range, exclusive; None is the end of the video."""

    def holds(self, pts: Pts, end: Pts | None) -> bool:
        """Returns whether a picture shows a wanted moment of the range."""
        moment = self.following(pts)
        return moment is not None and (end is None or moment < end)

    def following(self, pts: Pts) -> Pts | None:
        """Returns the first wanted moment of the range at or after `pts`."""
        moment = self.whole.following(max(pts, self.begin))
        return moment if moment is None or self.stop is None or moment < self.stop else None

    def preceding(self, pts: Pts | None) -> Pts | None:
        """Returns the last wanted moment of the range before `pts`."""
        bounds = [bound for bound in (pts, self.stop) if bound is not None]
        moment = self.whole.preceding(min(bounds) if bounds else None)
        return moment if moment is not None and moment >= self.begin else None


def wanted_at(grid: Grid, clock: Clock, first: Pts) -> Wanted:
    """Returns the pictures on screen at the instants of a grid.

    Args:
        grid: The instants.
        clock: The stream's clock.
        first: The pts of the first picture, which answers every instant before it.
    """
    if isinstance(grid, UniformGrid):
        spaced = Spaced.along(grid, clock)
        early = spaced.following(-(1 << 62))
        return spaced if early is None or early >= first else _FirstPictureExtended(spaced, first)
    assert grid.count is not None, "no other grid goes on without an end"
    return Instants([max(first, clock.floor(grid.at(each))) for each in range(grid.count)])


@dataclass(frozen=True, slots=True)
class _FirstPictureExtended:
    """Another `Wanted`, with its instants before the first picture moved to that picture."""

    whole: Wanted
    first: Pts

    def holds(self, pts: Pts, end: Pts | None) -> bool:
        return self.whole.holds(self._from(pts), end)

    def following(self, pts: Pts) -> Pts | None:
        moment = self.whole.following(self._from(pts))
        return None if moment is None else max(self.first, moment)

    def preceding(self, pts: Pts | None) -> Pts | None:
        if pts is not None and pts <= self.first:
            return None
        moment = self.whole.preceding(pts)
        return None if moment is None else max(self.first, moment)

    def _from(self, pts: Pts) -> Pts:
        """Returns `pts`; a moment before all instants for the first picture, which answers them."""
        return -(1 << 62) if pts <= self.first else pts
