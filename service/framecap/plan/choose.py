"""The choice of a decode strategy, and its explanation."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from framecap.model.media import MediaInfo
from framecap.model.plan import AccessModes, Cost, Geometry, Plan, Strategy
from framecap.model.spec import CaptureSpec
from framecap.model.wanted import PtsRange, Wanted
from framecap.modes.registry import keyframes_only, mode_of
from framecap.plan.cost import prefers_seeking, reading_on, seeking
from framecap.timebase import Nanoseconds, Pts, format_time

_WHY = {
    Strategy.SEEK: (
        "Each instant is decoded from a keyframe before it; what lies between is passed over."
    ),
    Strategy.SLICED: (
        "The file is read through; groups of pictures with something wanted in them are decoded "
        "side by side, the others not at all."
    ),
    Strategy.SEQUENTIAL: "Every frame up to the last one wanted is decoded, in order.",
    Strategy.KEYFRAMES: "Only keyframes are wanted, and each decodes by itself.",
    Strategy.COVER: "The file has no video; its cover art is the picture.",
}
_TWICE = "The samples are compared first; the chosen frames are decoded again. "


def has_gaps(spec: CaptureSpec) -> bool:
    """Returns whether a capture may skip frames between instants."""
    return mode_of(spec.selection).names_instants(spec.selection)


def is_sparse(spec: CaptureSpec, duration: Nanoseconds | None) -> bool:
    """Returns whether the instants are so far apart that reading the packets first saves time.

    Args:
        spec: The request.
        duration: The duration that the container claims; None where it claims none.
    """
    return mode_of(spec.selection).is_sparse(spec.selection, duration)


def choose(
    spec: CaptureSpec,
    info: MediaInfo,
    geometry: Geometry,
    access_modes: AccessModes,
    wanted: Wanted,
    *,
    first: Pts,
    source_bytes: int,
    end: Fraction | None,
) -> Plan:
    """Returns the plan of a capture of video.

    Args:
        spec: The request.
        info: The description of the source.
        geometry: The geometry of the images.
        access_modes: The access modes of the stream.
        wanted: The frames to decode.
        first: The pts of the first frame.
        source_bytes: The source's size in bytes.
        end: The true end of the video, in nanoseconds of media time; None if not measured.
    """
    reading = _reading(access_modes, wanted, first)
    strategy, why = reading, _WHY[reading]
    cost = _cost(reading, access_modes, wanted, first, source_bytes)
    if keyframes_only(spec):
        if access_modes.keyframes:
            strategy, why = Strategy.KEYFRAMES, _WHY[Strategy.KEYFRAMES]
        cost = Cost(size=source_bytes)
    elif mode_of(spec.selection).rank_count(spec.selection):
        strategy, why = Strategy.TWO_PASSES, _TWICE + _WHY[reading]
    elif cost.frames is None and strategy is Strategy.SEQUENTIAL:
        cost = replace(cost, frames=info.frame_count)
    expected, exact = _expected(spec, info, end)
    return Plan(
        strategy=strategy,
        reading=reading,
        expected_count=expected,
        exact=exact,
        decode_count=cost.frames,
        read_bytes=cost.size,
        geometry=geometry,
        end=None if end is None else end // 1,
        explanation=why + _counted(cost, strategy) + _measured(end),
    )


def choose_cover(geometry: Geometry, source_bytes: int) -> Plan:
    """Returns the plan of a capture of an audio file's cover.

    Args:
        geometry: The geometry of the image.
        source_bytes: The source's size in bytes.
    """
    return Plan(
        strategy=Strategy.COVER,
        reading=Strategy.SEQUENTIAL,
        expected_count=1,
        exact=True,
        decode_count=1,
        read_bytes=source_bytes,
        geometry=geometry,
        end=None,
        explanation=_WHY[Strategy.COVER],
    )


def _reading(access_modes: AccessModes, wanted: Wanted, first: Pts) -> Strategy:
    if not access_modes.sliced:
        return Strategy.SEQUENTIAL
    if isinstance(wanted, PtsRange) or not access_modes.seekable:
        return Strategy.SLICED
    if access_modes.index is None or prefers_seeking(wanted, first, access_modes.index):
        return Strategy.SEEK
    return Strategy.SLICED


def _cost(
    reading: Strategy, access_modes: AccessModes, wanted: Wanted, first: Pts, source_bytes: int
) -> Cost:
    if access_modes.index is None or reading is Strategy.SEQUENTIAL:
        return Cost(size=source_bytes)
    if reading is Strategy.SEEK:
        cost = seeking(wanted, first, access_modes.index)
        return cost if cost.size is not None else replace(cost, size=source_bytes)
    return reading_on(wanted, first, access_modes.index, source_bytes)


def _counted(cost: Cost, strategy: Strategy) -> str:
    if cost.groups is None or strategy is Strategy.KEYFRAMES:
        return ""
    groups = "1 group" if cost.groups == 1 else f"{cost.groups} groups"
    return f" At most {cost.frames} frames in {groups} of pictures need decoding."


def _measured(end: Fraction | None) -> str:
    return "" if end is None else f" The video was measured to end at {format_time(end // 1)}."


def _expected(spec: CaptureSpec, info: MediaInfo, end: Fraction | None) -> tuple[int | None, bool]:
    """Returns the expected number of images, and whether it is certain."""
    stop = info.duration if end is None else end
    if spec.end is not None:
        stop = spec.end if stop is None else min(stop, spec.end)
    length = None if stop is None else max(Fraction(0), Fraction(stop) - spec.start)
    return mode_of(spec.selection).expected(spec.selection, length, info)
