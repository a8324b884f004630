"""From a request to the selector that chooses its frames."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from framecap.model.grid import Grid
from framecap.model.media import Frame
from framecap.model.spec import (
    CaptureSpec,
    ChangeSelection,
    IntervalSelection,
    KeyframeSelection,
)
from framecap.select.change import ChangeSelector
from framecap.select.every import EveryFrameSelector, KeyframeSelector
from framecap.select.instants import InstantSelector
from framecap.select.selector import Selector
from framecap.timebase import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Hashing:
    """How change selection compares pictures."""

    hash_of: Callable[[Frame], int]
    """Returns the 64-bit difference hash of a frame."""

    changed_bits: Callable[[int, int], int]
    """Returns in how many bits two hashes differ."""


def build(spec: CaptureSpec, grid: Grid | None, clock: Clock, hashing: Hashing) -> Selector:
    """Returns the selector of a request.

    Args:
        spec: The request.
        grid: Its instants; None where frames are chosen for being there.
        clock: The captured stream's clock.
        hashing: How change selection compares pictures.
    """
    match spec.selection:
        case ChangeSelection() as change:
            return ChangeSelector(
                _along(spec, grid, clock, max_count=0),
                hashing.hash_of,
                hashing.changed_bits,
                threshold=change.threshold,
                reference=change.reference,
            )
        case KeyframeSelection(max_count=limit):
            return KeyframeSelector(clock, start=spec.start, end=spec.end, max_count=limit)
        case IntervalSelection(max_count=limit):
            return _along(spec, grid, clock, max_count=limit)
        case _:
            return _along(spec, grid, clock, max_count=0)


def _along(spec: CaptureSpec, grid: Grid | None, clock: Clock, *, max_count: int) -> Selector:
    if grid is None:
        return EveryFrameSelector(clock, start=spec.start, end=spec.end, max_count=max_count)
    return InstantSelector(grid, clock, max_count=max_count)
