"""The targets: the instants that a selection requests."""

from __future__ import annotations

from fractions import Fraction

from framecap.errors import OffsetAfterEnd
from framecap.model.grid import Grid
from framecap.model.spec import CaptureSpec
from framecap.modes.registry import mode_of
from framecap.timebase import Nanoseconds, format_time


def needs_end(spec: CaptureSpec) -> bool:
    """Returns whether the choice of frames depends on the true end of the video."""
    return mode_of(spec.selection).needs_end() or spec.nearest_keyframe


def targets(spec: CaptureSpec, end: Nanoseconds | Fraction | None) -> Grid | None:
    """Returns the requested instants; None for a selection that names no instants.

    Args:
        spec: The request.
        end: The true end of the video in nanoseconds, required where `needs_end` is true.
    """
    exact = None if end is None else Fraction(end)
    return mode_of(spec.selection).grid(spec, spec.selection, exact)


def check_start(spec: CaptureSpec, end: Fraction) -> None:
    """Refuses a capture that starts at or after the end of the video.

    Args:
        spec: The request.
        end: The true end of the video, in nanoseconds of media time.

    Raises:
        OffsetAfterEnd: The capture starts at or after the end; the message names both times.
    """
    if spec.start >= end:
        raise OffsetAfterEnd(
            f"the capture starts at {format_time(spec.start)}, "
            f"but the video ends at {format_time(end // 1)}",
            metadata={"start": format_time(spec.start), "end": format_time(end // 1)},
        )
