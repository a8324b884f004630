"""Every mode, on every video of the corpus, over a grid of options: exactly the oracle's frames.

A run tries a third of the grid: each video with a third of the cases, each case on a third of the
videos. With FRAMECAP_GRID=full it tries all of it, in three times the time.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path

import pytest

from framecap.errors import OffsetAfterEnd
from framecap.model.spec import (
    AverageSelection,
    Box,
    CaptureSpec,
    ChangeReference,
    ChangeSelection,
    ImageFormat,
    InstantSelection,
    IntervalSelection,
    KeyframeSelection,
    Selection,
)
from framecap.timebase import NANOSECONDS_PER_MILLISECOND, format_time
from oracles import timeline
from oracles.corpus import HEAVY, LONG, VIDEOS
from support.media.capturing import assert_captured, capture, nanoseconds

pytestmark = pytest.mark.corpus

MS = NANOSECONDS_PER_MILLISECOND

Case = Callable[[Fraction], CaptureSpec]


def taking(selection: Selection, *, start: Fraction = Fraction(0), end: Fraction | None = None):
    """Returns the case of a selection over part of the video, the bounds as parts of its length."""

    def spec(length: Fraction) -> CaptureSpec:
        return CaptureSpec(
            selection=selection,
            format=ImageFormat.JPG,
            start=nanoseconds(start * length),
            end=None if end is None else nanoseconds(end * length),
            box=Box(width=32, height=32),
        )

    return spec


def at_the_parts(*parts: Fraction) -> Case:
    """Returns the case of instants given as parts of the length."""
    return lambda length: taking(
        InstantSelection(instants=tuple(sorted({nanoseconds(part * length) for part in parts})))
    )(length)


def just_before_the_end(selection: Selection) -> Case:
    """Returns the case of a selection that begins in the last nanosecond."""
    return lambda length: taking(selection, start=1 - Fraction(1, 10**9) / length)(length)


def interval(milliseconds: int, count: int = 0) -> IntervalSelection:
    return IntervalSelection(spacing=milliseconds * MS, max_count=count)


def change(
    milliseconds: int,
    threshold: int,
    count: int = 0,
    reference: ChangeReference = ChangeReference.PREVIOUS_SAMPLE,
) -> ChangeSelection:
    return ChangeSelection(
        spacing=milliseconds * MS, threshold=threshold, max_count=count, reference=reference
    )


# The frames of these are reached by seeking, or are few.
SPARSE: dict[str, Case] = {
    "first seven": taking(interval(0, 7)),
    "seven from the middle": taking(interval(0, 7), start=Fraction(1, 2)),
    "first three of a fine grid": taking(interval(1, 3)),
    "interval of a tenth of the range": lambda length: taking(
        IntervalSelection(spacing=max(1, nanoseconds(length / 10)))
    )(length),
    "last tenth by an interval": lambda length: taking(
        IntervalSelection(spacing=max(1, nanoseconds(length / 50))), start=Fraction(9, 10)
    )(length),
    "last nanosecond, every frame": just_before_the_end(interval(0)),
    "last nanosecond, an interval": just_before_the_end(interval(1)),
    "last nanosecond, average": just_before_the_end(AverageSelection(count=3)),
    "average of 1": taking(AverageSelection(count=1)),
    "average of 3": taking(AverageSelection(count=3)),
    "average of 7": taking(AverageSelection(count=7)),
    "average of 7 in the middle half": taking(
        AverageSelection(count=7), start=Fraction(1, 4), end=Fraction(3, 4)
    ),
    "keyframes": taking(KeyframeSelection()),
    "keyframes, two": taking(KeyframeSelection(max_count=2)),
    "keyframes of the second half": taking(KeyframeSelection(), start=Fraction(1, 2)),
    "keyframes of the middle third": taking(
        KeyframeSelection(), start=Fraction(1, 3), end=Fraction(2, 3)
    ),
    "instants": at_the_parts(
        Fraction(0), Fraction(1, 3), Fraction(1, 3) + Fraction(1, 10**6), Fraction(1, 2)
    ),
    "instants beyond the end": at_the_parts(Fraction(99, 100), Fraction(1), Fraction(2)),
}

DENSE: dict[str, Case] = {
    "every frame": taking(interval(0)),
    "every frame of the middle third": taking(
        interval(0), start=Fraction(1, 3), end=Fraction(2, 3)
    ),
    "every frame of the last tenth": taking(interval(0), start=Fraction(9, 10)),
    "interval of 1 ms": taking(interval(1)),
    "interval of 40 ms": taking(interval(40)),
    "interval of 333 ms": taking(interval(333)),
    "interval of 100 ms in a sixth": taking(
        interval(100), start=Fraction(1, 3), end=Fraction(1, 2)
    ),
    "average of 1000": taking(AverageSelection(count=1000)),
    "change above 0": taking(change(0, 0)),
    "change above 15": taking(change(0, 15)),
    "change above 50": taking(change(0, 50)),
    "change above 100": taking(change(0, 100)),
    "change above 0 at 250 ms": taking(change(250, 0)),
    "change above 15 at 250 ms": taking(change(250, 15)),
    "change above 50 at 250 ms": taking(change(250, 50)),
    "largest three changes": taking(change(0, 0, 3)),
    "largest five changes above 5 at 250 ms": taking(change(250, 5, 5)),
    "largest ten changes of the second half": taking(change(40, 0, 10), start=Fraction(1, 2)),
    "change above 15 since the last captured": taking(
        change(0, 15, reference=ChangeReference.LAST_CAPTURED)
    ),
    "largest four changes since the last captured": taking(
        change(100, 5, 4, reference=ChangeReference.LAST_CAPTURED)
    ),
}

# On what takes seconds to decode, and on what takes minutes.
ON_HEAVY = (
    *SPARSE,
    "every frame of the last tenth",
    "interval of 333 ms",
    "change above 15 at 250 ms",
    "largest five changes above 5 at 250 ms",
)
ON_LONG = (
    "first seven",
    "seven from the middle",
    "last nanosecond, every frame",
    "average of 3",
    "keyframes, two",
    "instants beyond the end",
)

CASES = SPARSE | DENSE


SHARE = 1 if os.environ.get("FRAMECAP_GRID") == "full" else 3


def grid() -> list[tuple[str, str]]:
    """Returns the pairs of video and case that are tried."""
    return [
        (video, case)
        for row, video in enumerate(VIDEOS)
        for column, case in enumerate(cases_on(video))
        if (row + column) % SHARE == 0
    ]


def cases_on(video: str) -> Iterable[str]:
    if video in LONG:
        return ON_LONG
    return ON_HEAVY if video in HEAVY else CASES


@pytest.mark.parametrize(("video", "case"), grid())
def test_the_frames_are_the_oracles(corpus: Path, video: str, case: str) -> None:
    path = corpus / "media" / video
    line = timeline.read(path)
    assert_captured(path, line, CASES[case](line.end))


@pytest.mark.parametrize("video", VIDEOS)
@pytest.mark.parametrize(
    "selection",
    [interval(0), interval(1000), KeyframeSelection(), AverageSelection(count=2), change(0, 0)],
    ids=["every frame", "interval", "keyframe", "average", "change"],
)
def test_a_start_at_the_end_is_refused_with_both_times(
    corpus: Path, video: str, selection: Selection
) -> None:
    path = corpus / "media" / video
    end = timeline.read(path).end
    start = math.ceil(end * 10**9)
    spec = CaptureSpec(selection=selection, format=ImageFormat.JPG, start=start)
    with pytest.raises(OffsetAfterEnd) as refusal:
        capture(path, spec)
    assert refusal.value.reason == "OFFSET_AFTER_END"
    assert format_time(start) in refusal.value.message
    assert format_time(nanoseconds(end)) in refusal.value.message
