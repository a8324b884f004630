"""The pictures of a stream that a request needs decoded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from framecap.model.grid import Grid
from framecap.model.resume import ResumePoint
from framecap.model.spec import CaptureSpec
from framecap.model.wanted import Instants, PtsRange, Wanted, WantedRange, wanted_at
from framecap.modes.registry import mode_of
from framecap.timebase import Clock, Pts

MANY: Final = 64
"""From this number of images on, a few unused decodes do not matter."""

_LISTED: Final = 256
"""The moments looked up to find the end of a range; a longer range is extrapolated from them."""


def wanted_of(spec: CaptureSpec, grid: Grid | None, clock: Clock, first: Pts) -> Wanted:
    """Returns the pictures that the selector must be offered.

    Args:
        spec: The request.
        grid: Its instants; None for a selection that names no instants.
        clock: The stream's clock.
        first: The pts of the first frame.
    """
    if grid is not None:
        return wanted_at(grid, clock, first)
    return PtsRange(clock.floor(spec.start), None if spec.end is None else clock.ceil(spec.end))


def wanted_after(point: ResumePoint, wanted: Wanted, grid: Grid | None, clock: Clock) -> Wanted:
    """Returns the wanted pictures that an earlier attempt has not captured.

    Args:
        point: The images that it captured.
        wanted: The wanted pictures of the whole capture.
        grid: The request's instants; None for a selection that names no instants.
        clock: The stream's clock.
    """
    after = point.last(clock) + 1
    if grid is None:
        assert isinstance(wanted, PtsRange)
        return PtsRange(max(wanted.begin, after), wanted.stop)
    if grid.count is not None and point.answered_count >= grid.count:
        return Instants([])
    # The frame of the next instant appears after the last image, which did not answer it.
    return WantedRange(wanted, max(after, clock.floor(grid.at(point.answered_count))), None)


def limit_of(spec: CaptureSpec) -> int | None:
    """Returns the number of frames at which decoding may stop; None if the choice decides."""
    return mode_of(spec.selection).limit(spec.selection)


def rounds(wanted: Wanted, first: Pts, limit: int | None) -> Iterator[Wanted]:
    """Yields the wanted frames in ranges: the first has as many instants as images may be captured.

    Segments are decoded in parallel, so without a bound they would decode frames that go unused.
    Two instants may have one frame, so one range may not be enough. Each range has twice the
    instants of the one before, so that ranges stay few where many instants have one frame.

    Args:
        wanted: The wanted frames, by instants.
        first: The pts of the first frame.
        limit: The most images; None is no limit.
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
