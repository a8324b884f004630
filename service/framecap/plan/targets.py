"""The instants a selection asks for."""

from __future__ import annotations

from fractions import Fraction

from framecap.errors import OffsetAfterEnd
from framecap.model.grid import Grid, ListedGrid, UniformGrid
from framecap.model.spec import (
    AverageSelection,
    CaptureSpec,
    ChangeSelection,
    InstantSelection,
    IntervalSelection,
    SeekPolicy,
)
from framecap.timebase import Nanoseconds, format_time


def needs_end(spec: CaptureSpec) -> bool:
    """Returns whether the choice of frames depends on the true end of the video."""
    return (
        isinstance(spec.selection, AverageSelection)
        or spec.seek_policy is SeekPolicy.NEAREST_KEYFRAME_BEFORE
    )


def targets(spec: CaptureSpec, end: Nanoseconds | Fraction | None) -> Grid | None:
    """Returns the instants asked for; None where frames are chosen for being there.

    Args:
        spec: The request.
        end: The true end of the video, needed by `AverageSelection`.
    """
    match spec.selection:
        case IntervalSelection(spacing=spacing) | ChangeSelection(spacing=spacing) if spacing > 0:
            return UniformGrid(start=Fraction(spec.start), step=Fraction(spacing), end=spec.end)
        case AverageSelection(count=count):
            assert end is not None, "the end is measured before the targets are set"
            stop = Fraction(end if spec.end is None else min(end, spec.end))
            start = Fraction(spec.start)
            return UniformGrid(start=start, step=(stop - start) / count, limit=count)
        case InstantSelection(instants=instants):
            last = spec.end
            return ListedGrid(
                tuple(
                    instant
                    for instant in instants
                    if instant >= spec.start and (last is None or instant < last)
                )
            )
        case _:
            return None


def check_start(spec: CaptureSpec, end: Fraction) -> None:
    """Refuses a capture that begins at or after the end of the video.

    Args:
        spec: The request.
        end: The true end of the video, in nanoseconds of media time.

    Raises:
        OffsetAfterEnd: Naming both times.
    """
    if spec.start >= end:
        raise OffsetAfterEnd(
            f"the capture starts at {format_time(spec.start)}, "
            f"but the video ends at {format_time(end // 1)}",
            metadata={"start": format_time(spec.start), "end": format_time(end // 1)},
        )
