"""Instants as pts in odd time bases, and the ranges in which wanted frames are decoded."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import pytest

from framecap.model.grid import Grid, ListedGrid, UniformGrid
from framecap.model.spec import (
    AverageSelection,
    CaptureSpec,
    ChangeSelection,
    ImageFormat,
    InstantSelection,
    IntervalSelection,
    KeyframeSelection,
    Selection,
)
from framecap.model.wanted import Instants, PtsRange, Wanted, WantedRange
from framecap.plan.wanted import MANY, limit_of, rounds, wanted_of
from framecap.timebase import Clock, Pts

S = 1_000_000_000
FILM = Clock(Fraction(1, 25), Fraction(0))
NTSC = Clock(Fraction(1001, 30_000), Fraction(0))
SLOW = Clock(Fraction(3, 2), Fraction(0))
THIRDS = Clock(Fraction(1, 3), Fraction(0))
BROADCAST = Clock(Fraction(1, 90_000), Fraction(7, 5))
HIDDEN = Clock(Fraction(1, 10), Fraction(-1, 4))


def spec(selection: Selection, start: int = 0, end: int | None = None) -> CaptureSpec:
    return CaptureSpec(selection=selection, format=ImageFormat.JPG, start=start, end=end)


def moments(wanted: Wanted, begin: Pts, stop: Pts) -> list[Pts]:
    """Returns the wanted moments in [begin, stop)."""
    found = []
    moment = wanted.following(begin)
    while moment is not None and moment < stop:
        found.append(moment)
        moment = wanted.following(moment + 1)
    return found


@pytest.mark.parametrize(
    ("clock", "start", "end", "expected"),
    [
        pytest.param(FILM, 0, None, PtsRange(0, None), id="all of the video"),
        pytest.param(FILM, S, 2 * S, PtsRange(25, 50), id="on a tick"),
        pytest.param(FILM, S + 1, 2 * S + 1, PtsRange(25, 51), id="1 ns behind a tick"),
        pytest.param(FILM, S - 1, 2 * S - 1, PtsRange(24, 50), id="1 ns before a tick"),
        # 1 s is 29.97 ticks, 2 s are 59.94.
        pytest.param(NTSC, S, 2 * S, PtsRange(29, 60), id="ticks that no second is a multiple of"),
        pytest.param(NTSC, 1_001_000_000, 1_001_000_000 * 2, PtsRange(30, 60), id="1.001 s is one"),
        pytest.param(SLOW, S, 2 * S, PtsRange(0, 2), id="a tick longer than a second"),
        pytest.param(BROADCAST, 0, None, PtsRange(126_000, None), id="media time 0 at 1.4 s"),
        pytest.param(BROADCAST, S // 3, S, PtsRange(155_999, 216_000), id="a third, cut to 1 ns"),
        # Media time 0 lies at -0.25 s, between two ticks.
        pytest.param(HIDDEN, 0, S, PtsRange(-3, 8), id="media time 0 before the container's"),
    ],
)
def test_a_range_has_all_that_is_on_screen_in_it(
    clock: Clock, start: int, end: int | None, expected: PtsRange
) -> None:
    assert wanted_of(spec(IntervalSelection(), start, end), None, clock, 0) == expected


@pytest.mark.parametrize(
    ("clock", "instants", "expected"),
    [
        pytest.param(FILM, [0, S, S + 1, 2 * S - 1], [0, 25, 49], id="the tick at or before each"),
        pytest.param(NTSC, [0, S, 2 * S, 1_001_000_000], [0, 29, 30, 59], id="odd ticks"),
        pytest.param(SLOW, [0, 1_499_999_999, 1_500_000_000], [0, 1], id="long ticks"),
        pytest.param(BROADCAST, [0, 1, 11_111, 11_112], [126_000, 126_001], id="90 kHz"),
        pytest.param(HIDDEN, [0, S // 20, S], [-3, -2, 7], id="before the container's 0"),
    ],
)
def test_a_listed_instant_is_the_tick_on_screen_at_it(
    clock: Clock, instants: list[int], expected: list[Pts]
) -> None:
    grid = ListedGrid(tuple(sorted(instants)))
    request = spec(InstantSelection(instants=grid.instants))
    assert moments(wanted_of(request, grid, clock, -10), -10, 1 << 40) == expected


@pytest.mark.parametrize(
    ("clock", "start", "step", "expected"),
    [
        pytest.param(FILM, 0, S, [0, 25, 50, 75, 100], id="on ticks"),
        pytest.param(FILM, S - 1, S, [24, 49, 74, 99, 124], id="1 ns before ticks"),
        # k / (1001 / 30000): 0, 29.97, 59.94, 89.91, 119.88.
        pytest.param(NTSC, 0, S, [0, 29, 59, 89, 119], id="NTSC, rounded down each by itself"),
        pytest.param(THIRDS, 0, S // 2, [0, 1, 3, 4, 6], id="half seconds in thirds"),
        pytest.param(SLOW, 0, S, [0, 1, 2, 3, 4], id="ticks of 1.5 s"),
        pytest.param(
            BROADCAST, 0, Fraction(S, 3), [126_000, 156_000, 186_000, 216_000, 246_000], id="thirds"
        ),
        pytest.param(HIDDEN, 0, S, [-3, 7, 17, 27, 37], id="before the container's 0"),
    ],
)
def test_a_grid_does_not_drift(
    clock: Clock, start: int, step: Fraction | int, expected: list[Pts]
) -> None:
    grid = UniformGrid(start=Fraction(start), step=Fraction(step))
    wanted = wanted_of(spec(IntervalSelection(spacing=1)), grid, clock, -10)
    assert moments(wanted, -10, expected[-1] + 1) == expected


@pytest.mark.parametrize(
    "grid",
    [
        pytest.param(ListedGrid((0, S, 2 * S, 4 * S)), id="listed"),
        pytest.param(UniformGrid(start=Fraction(0), step=Fraction(S), limit=5), id="uniform"),
    ],
)
def test_the_first_frame_answers_the_instants_before_it(grid: Grid) -> None:
    request = spec(IntervalSelection(spacing=S))
    found = moments(wanted_of(request, grid, FILM, 40), 0, 1000)
    assert found == ([40, 50, 100] if isinstance(grid, ListedGrid) else [40, 50, 75, 100])


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        pytest.param(IntervalSelection(spacing=S), None, id="inter without num"),
        pytest.param(IntervalSelection(spacing=S, max_count=3), 3, id="inter takes all offered"),
        pytest.param(IntervalSelection(max_count=1), 1, id="one of every frame"),
        pytest.param(KeyframeSelection(max_count=3), None, id="key passes over other frames"),
        pytest.param(AverageSelection(count=3), None, id="avg ends by itself"),
        pytest.param(ChangeSelection(max_count=3), None, id="dhash compares all samples"),
        pytest.param(InstantSelection(instants=(1, 2)), None, id="instants end by themselves"),
    ],
)
def test_decoding_may_stop_at_a_number_only_where_each_frame_counts(
    selection: Selection, expected: int | None
) -> None:
    assert limit_of(spec(selection)) == expected


TENS = Instants(range(0, 100, 10))


@pytest.mark.parametrize(
    ("first", "limit", "expected"),
    [
        pytest.param(
            0,
            1,
            [[0], [10, 20], [30, 40, 50, 60], [70, 80, 90]],
            id="one, then twice as many each time",
        ),
        pytest.param(0, 2, [[0, 10], [20, 30, 40, 50], [60, 70, 80, 90]], id="two, four, the rest"),
        pytest.param(0, 10, [[0, 10, 20, 30, 40, 50, 60, 70, 80, 90]], id="as many as there are"),
        pytest.param(0, 9, [[0, 10, 20, 30, 40, 50, 60, 70, 80], [90]], id="one fewer than all"),
        pytest.param(35, 2, [[40, 50], [60, 70, 80, 90]], id="from the first frame on"),
        pytest.param(90, 2, [[90]], id="the last one"),
        pytest.param(91, 2, [], id="nothing wanted"),
    ],
)
def test_rounds_have_as_many_instants_as_images_are_wanted(
    first: Pts, limit: int, expected: list[list[Pts]]
) -> None:
    assert [moments(each, 0, 1000) for each in rounds(TENS, first, limit)] == expected


def test_rounds_follow_each_other_without_a_gap() -> None:
    first, second = rounds(Instants([0, 10, 20]), 0, 2)
    assert isinstance(first, WantedRange)
    assert isinstance(second, WantedRange)
    assert (first.begin, first.stop) == (0, 20)
    assert (second.begin, second.stop) == (20, None)


@pytest.mark.parametrize(
    ("limit", "whole"),
    [
        pytest.param(None, True, id="no limit"),
        pytest.param(MANY - 1, False, id="the most that is bounded"),
        pytest.param(MANY, True, id="the least that is not"),
        pytest.param(MANY + 1, True, id="more"),
    ],
)
def test_many_images_are_decoded_in_one_round(limit: int | None, whole: bool) -> None:
    found = list(rounds(TENS, 0, limit))
    assert (found == [TENS]) is whole


@pytest.mark.parametrize("limit", [None, MANY])
def test_one_round_is_had_even_where_nothing_is_wanted(limit: int | None) -> None:
    nothing = Instants([])
    assert list(rounds(nothing, 0, limit)) == [nothing]


@pytest.mark.parametrize(
    ("instants", "sizes"),
    [
        # 63, 126, 252: each looked up. 504 are 256, extrapolated evenly.
        pytest.param(range(2000), [63, 126, 252, 504, 1008, 47], id="evenly spaced"),
        # From 441 on every tenth tick: 256 are 2560 ticks, extrapolated to 504 of them.
        pytest.param(
            [*range(441), *range(441, 441 + 10 * 700, 10)], [63, 126, 252, 504, 196], id="sparser"
        ),
        # The 256 that are looked up take 2560 ticks, so 504 should take 5040; there are 2480 more.
        pytest.param(
            [*range(441), *range(441, 3001, 10), *range(3001, 6001)],
            [63, 126, 252, 256 + 2480, 520],
            id="denser than extrapolated",
        ),
    ],
)
def test_a_long_round_is_extrapolated(instants: Sequence[Pts], sizes: list[int]) -> None:
    found = [moments(each, 0, 1 << 40) for each in rounds(Instants(instants), 0, 63)]
    assert [len(each) for each in found] == sizes
    assert [moment for each in found for moment in each] == list(instants)


def test_an_unbounded_grid_has_as_many_rounds_as_are_taken() -> None:
    grid = UniformGrid(start=Fraction(0), step=Fraction(S))
    wanted = wanted_of(spec(IntervalSelection(spacing=S, max_count=1)), grid, FILM, 0)
    taken = rounds(wanted, 0, 1)
    assert [moments(next(taken), 0, 10_000) for _ in range(3)] == [
        [0],
        [25, 50],
        [75, 100, 125, 150],
    ]
