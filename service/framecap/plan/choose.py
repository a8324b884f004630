"""Choosing how to decode, and saying why."""

from __future__ import annotations

from fractions import Fraction

from framecap.model.media import MediaInfo
from framecap.model.plan import Geometry, Plan, Strategy
from framecap.model.spec import (
    AverageSelection,
    CaptureSpec,
    ChangeSelection,
    InstantSelection,
    IntervalSelection,
    KeyframeSelection,
    SeekPolicy,
)
from framecap.timebase import NANOSECONDS_PER_SECOND, format_time

_EXPLANATIONS = {
    Strategy.COVER: "The file has no video; its cover art is the picture.",
    Strategy.KEYFRAMES: "Only keyframes are wanted, and each decodes by itself.",
    Strategy.TWO_PASSES: (
        "The samples are hashed first; the frames that changed most are decoded again."
    ),
    Strategy.SEEK: (
        "Each instant is reached from a keyframe before it; what lies between is passed over."
    ),
    Strategy.SEQUENTIAL: "Every frame up to the last one wanted is decoded, in order.",
}


def wants_keyframes_only(spec: CaptureSpec) -> bool:
    """Returns whether no other frames than keyframes can be captured."""
    return isinstance(spec.selection, KeyframeSelection) or (
        spec.seek_policy is SeekPolicy.NEAREST_KEYFRAME_BEFORE
    )


def has_gaps(spec: CaptureSpec) -> bool:
    """Returns whether a capture may pass over frames: before its start, or between instants."""
    if spec.start > 0:
        return True
    match spec.selection:
        case IntervalSelection(spacing=spacing) | ChangeSelection(spacing=spacing):
            return spacing > 0
        case AverageSelection() | InstantSelection():
            return True
        case _:
            return False


def choose(
    spec: CaptureSpec,
    info: MediaInfo,
    geometry: Geometry,
    *,
    keyframes_alone: bool,
    may_jump: bool,
    source_bytes: int,
    end: Fraction | None,
) -> Plan:
    """Returns how a capture will decode.

    Args:
        spec: The request.
        info: What the source contains.
        geometry: What the pictures measure.
        keyframes_alone: True when the stream's keyframes decode by themselves.
        may_jump: True when frames may be reached by seeking.
        source_bytes: The source's size.
        end: The true end of the video, in nanoseconds of media time, where it was measured.
    """
    selection = spec.selection
    if info.cover:
        strategy = Strategy.COVER
    elif wants_keyframes_only(spec) and keyframes_alone:
        strategy = Strategy.KEYFRAMES
    elif isinstance(selection, ChangeSelection) and selection.max_count:
        strategy = Strategy.TWO_PASSES
    elif may_jump and has_gaps(spec):
        strategy = Strategy.SEEK
    else:
        strategy = Strategy.SEQUENTIAL
    expected, exact = (1, True) if info.cover else _expected(spec, info, end)
    return Plan(
        strategy=strategy,
        expected_count=expected,
        exact=exact,
        decode_count=_decode_count(spec, info, strategy),
        read_bytes=source_bytes,
        geometry=geometry,
        end=None if end is None else end // 1,
        explanation=_EXPLANATIONS[strategy] + _measured(end),
    )


def _measured(end: Fraction | None) -> str:
    return "" if end is None else f" The video was measured to end at {format_time(end // 1)}."


def _expected(spec: CaptureSpec, info: MediaInfo, end: Fraction | None) -> tuple[int | None, bool]:
    """Returns how many images to expect, and whether that is certain."""
    stop = info.duration if end is None else end
    if spec.end is not None:
        stop = spec.end if stop is None else min(stop, spec.end)
    length = None if stop is None else max(Fraction(0), Fraction(stop) - spec.start)
    match spec.selection:
        case AverageSelection(count=count):
            return count, False
        case InstantSelection(instants=instants):
            return len(instants), False
        case IntervalSelection(spacing=spacing, max_count=limit):
            if length is None:
                return limit or None, False
            step = Fraction(spacing)
            if info.frame_rate is not None:
                step = max(step, NANOSECONDS_PER_SECOND / info.frame_rate)
            if step <= 0:
                return limit or None, False
            count = int(-(-length // step))
            return min(count, limit) if limit else count, False
        case KeyframeSelection(max_count=limit) | ChangeSelection(max_count=limit):
            return limit or None, False


def _decode_count(spec: CaptureSpec, info: MediaInfo, strategy: Strategy) -> int | None:
    """Returns how many frames will be decoded, about; None where the container does not tell."""
    if strategy is Strategy.COVER:
        return 1
    if strategy in (Strategy.KEYFRAMES, Strategy.SEEK) or info.frame_count is None:
        return None
    return info.frame_count * (2 if strategy is Strategy.TWO_PASSES else 1)
