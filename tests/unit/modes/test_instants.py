"""The frame on screen at each instant, against a search through all frames."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framecap.model.capture import Reason
from framecap.model.grid import Grid, ListedGrid, UniformGrid
from framecap.modes.selectors.instants import InstantSelector
from framecap.timebase import NANOSECONDS_PER_SECOND, Clock
from support.modes.frames import frames, picks

MILLISECOND = 1_000_000
CLOCK = Clock(time_base=Fraction(1, 90_000), zero=Fraction(7, 5))


def on_screen(
    starts: list[int], end: int, instants: list[Fraction], clock: Clock
) -> list[tuple[int, int, int]]:
    """Returns (pts, first instant in ns, count) of each frame on screen at some instant."""
    answers: dict[int, list[Fraction]] = {}
    for instant in instants:
        seconds = instant / NANOSECONDS_PER_SECOND
        if seconds >= clock.media_time(end):
            continue
        shown = [pts for pts in starts if clock.media_time(pts) <= seconds]
        answers.setdefault(max(shown, default=starts[0]), []).append(instant)
    return [(pts, answered[0] // 1, len(answered)) for pts, answered in sorted(answers.items())]


@given(
    starts=st.lists(st.integers(100_000, 400_000), min_size=1, max_size=30, unique=True).map(
        sorted
    ),
    tail=st.integers(1, 30_000),
    first=st.integers(0, 3_000).map(lambda ms: ms * MILLISECOND),
    step=st.integers(1, 900).map(lambda ms: ms * MILLISECOND),
    limit=st.integers(0, 5),
)
def test_picks_equal_a_search_through_all_frames(
    starts: list[int], tail: int, first: int, step: int, limit: int
) -> None:
    end = starts[-1] + tail
    grid = UniformGrid(start=Fraction(first), step=Fraction(step))
    stop = CLOCK.media_time(end) * NANOSECONDS_PER_SECOND
    instants = [grid.at(k) for k in range(max(0, int((stop - first) // step) + 2))]
    expected = on_screen(starts, end, instants, CLOCK)
    selector = InstantSelector(grid, CLOCK, max_count=limit)
    found = [
        (pick.frame.pts, pick.requested_time, pick.answered_count)
        for pick in picks(selector, frames(starts, end))
    ]
    assert found == (expected[:limit] if limit else expected)


def test_an_instant_before_the_first_frame_is_answered_by_it() -> None:
    clock = Clock(time_base=Fraction(1), zero=Fraction(0))
    grid = ListedGrid((0, 2 * NANOSECONDS_PER_SECOND, 6 * NANOSECONDS_PER_SECOND))
    found = picks(InstantSelector(grid, clock), frames([5, 7], 9))
    assert [(pick.frame.pts, pick.answered_count) for pick in found] == [(5, 3)]
    assert found[0].reason is Reason.INSTANT


def test_an_instant_on_a_boundary_belongs_to_the_frame_that_begins_there() -> None:
    clock = Clock(time_base=Fraction(1), zero=Fraction(0))
    found = picks(
        InstantSelector(ListedGrid((NANOSECONDS_PER_SECOND,)), clock), frames([0, 1, 2], 3)
    )
    assert [pick.frame.pts for pick in found] == [1]


def test_an_instant_at_the_end_has_no_frame() -> None:
    clock = Clock(time_base=Fraction(1), zero=Fraction(0))
    selector = InstantSelector(ListedGrid((3 * NANOSECONDS_PER_SECOND,)), clock)
    assert picks(selector, frames([0, 1, 2], 3)) == []
    assert not selector.done


@pytest.mark.parametrize(
    ("grid", "frames_seen"),
    [
        (ListedGrid((0, NANOSECONDS_PER_SECOND)), 2),
        (UniformGrid(start=Fraction(0), step=Fraction(NANOSECONDS_PER_SECOND), limit=3), 3),
    ],
)
def test_is_done_at_the_last_instant(grid: Grid, frames_seen: int) -> None:
    clock = Clock(time_base=Fraction(1), zero=Fraction(0))
    selector = InstantSelector(grid, clock)
    offered = 0
    for frame in frames(range(10), 10):
        offered += 1
        selector.offer(frame)
        if selector.done:
            break
    assert offered == frames_seen
