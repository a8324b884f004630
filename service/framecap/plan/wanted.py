"""Which pictures of the stream a request needs decoded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from framecap.model.grid import Grid, ListedGrid, UniformGrid
from framecap.model.spec import CaptureSpec
from framecap.model.wanted import PtsRange, Wanted, WantedRange, wanted_at
from framecap.modes.registry import mode_of
from framecap.timebase import Clock, Pts

MANY: Final = 64
"""From so many images on, a few decoded in vain do not matter."""

_LISTED: Final = 256
"""Moments that are looked up to find where a part ends; in a longer one they stand for the rest."""


def wanted_of(spec: CaptureSpec, grid: Grid | None, clock: Clock, first: Pts) -> Wanted:
    """Returns the pictures a selection must be offered.

    Args:
        spec: The request.
        grid: Its instants; None where frames are chosen for being there.
        clock: The stream's clock.
        first: The pts of the first frame.
    """
    if isinstance(grid, UniformGrid | ListedGrid):
        return wanted_at(grid, clock, first)
    return PtsRange(clock.floor(spec.start), None if spec.end is None else clock.ceil(spec.end))


def limit_of(spec: CaptureSpec) -> int | None:
    """Returns after how many frames decoding may stop; None where only the choice tells."""
    return mode_of(spec.selection).limit(spec.selection)


def rounds(wanted: Wanted, first: Pts, limit: int | None) -> Iterator[Wanted]:
    """Yields what is wanted, in parts: at first of as many instants as there may be images.

    Two instants may have one frame, so one part may not be enough; but what is decoded side by side
    is then not decoded in vain. Each part has twice the instants of the one before, so that parts
    stay few where many instants have one frame.

    Args:
        wanted: What is wanted along instants.
        first: The pts of the first frame.
        limit: How many images there may be; None is no limit.
    """
    begin = wanted.following(first)
    if limit is None or limit >= MANY:
        yield wanted
        return
    while begin is not None:
        listed = min(limit, _LISTED)
        stop: Pts | None = begin
        for _ in range(listed):
            stop = None if stop is None else wanted.following(stop + 1)
        if stop is not None:
            stop = begin + (stop - begin) * limit // listed
        yield WantedRange(wanted, begin, stop)
        begin, limit = None if stop is None else wanted.following(stop), 2 * limit
