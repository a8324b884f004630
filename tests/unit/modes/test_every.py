"""Every frame, and every keyframe, of a range."""

from __future__ import annotations

from fractions import Fraction

import pytest

from framecap.modes.selectors.every import EveryFrameSelector, KeyframeSelector
from framecap.timebase import NANOSECONDS_PER_SECOND, Clock
from support.modes.frames import frames, picks

SECOND = NANOSECONDS_PER_SECOND
CLOCK = Clock(time_base=Fraction(1, 10), zero=Fraction(0))


@pytest.mark.parametrize(
    ("start", "end", "limit", "expected"),
    [
        (0, None, 0, [0, 10, 20, 30]),
        (1 * SECOND, None, 0, [10, 20, 30]),
        (1 * SECOND + 1, None, 0, [10, 20, 30]),
        (2 * SECOND - 1, None, 0, [10, 20, 30]),
        (0, 2 * SECOND, 0, [0, 10]),
        (0, 2 * SECOND + 1, 0, [0, 10, 20]),
        (1 * SECOND, None, 2, [10, 20]),
        (4 * SECOND, None, 0, []),
    ],
)
def test_every_frame_on_screen_in_the_range(
    start: int, end: int | None, limit: int, expected: list[int]
) -> None:
    selector = EveryFrameSelector(CLOCK, start=start, end=end, max_count=limit)
    found = picks(selector, frames([0, 10, 20, 30], 40))
    assert [pick.frame.pts for pick in found] == expected
    assert all(pick.requested_time >= start for pick in found)


def test_the_first_frame_answers_the_start_the_others_their_own_time() -> None:
    selector = EveryFrameSelector(CLOCK, start=SECOND // 2, end=None)
    found = picks(selector, frames([0, 10, 20], 30))
    assert [pick.requested_time for pick in found] == [SECOND // 2, SECOND, 2 * SECOND]


@pytest.mark.parametrize(
    ("start", "end", "limit", "expected"),
    [
        (0, None, 0, [-5, 10, 30]),
        (1, None, 0, [10, 30]),
        (1 * SECOND, None, 0, [10, 30]),
        (1 * SECOND + 1, None, 0, [30]),
        (0, 3 * SECOND, 0, [-5, 10]),
        (0, None, 1, [-5]),
    ],
)
def test_keyframes_count_by_their_own_time(
    start: int, end: int | None, limit: int, expected: list[int]
) -> None:
    selector = KeyframeSelector(CLOCK, start=start, end=end, max_count=limit)
    found = picks(selector, frames([-5, 5, 10, 20, 30], 40, keys=[-5, 10, 30]))
    assert [pick.frame.pts for pick in found] == expected


def test_is_done_past_the_range_and_not_before() -> None:
    selector = EveryFrameSelector(CLOCK, start=0, end=2 * SECOND)
    seen = []
    for frame in frames(range(0, 100, 10), 100):
        selector.offer(frame)
        seen.append(frame.pts)
        if selector.done:
            break
    assert seen == [0, 10, 20]
