"""Media time: exact, and rounded the way the contract says."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framecap.timebase import NANOSECONDS_PER_SECOND, Clock, format_time

clocks = st.builds(
    Clock,
    time_base=st.fractions(min_value=Fraction(1, 1_200_000), max_value=2).filter(bool),
    zero=st.fractions(min_value=-100, max_value=100, max_denominator=90_000),
)


@given(clocks, st.integers(-(10**12), 10**12))
def test_floor_is_the_last_pts_not_after_an_instant(clock: Clock, instant: int) -> None:
    pts = clock.floor(instant)
    seconds = Fraction(instant, NANOSECONDS_PER_SECOND)
    assert clock.media_time(pts) <= seconds < clock.media_time(pts + 1)


@given(clocks, st.integers(-(10**12), 10**12))
def test_ceil_is_the_first_pts_not_before_an_instant(clock: Clock, instant: int) -> None:
    pts = clock.ceil(instant)
    seconds = Fraction(instant, NANOSECONDS_PER_SECOND)
    assert clock.media_time(pts - 1) < seconds <= clock.media_time(pts)


@given(clocks, st.integers(-(10**6), 10**6))
def test_nanoseconds_round_down(clock: Clock, pts: int) -> None:
    nanoseconds = clock.nanoseconds(pts)
    exact = clock.media_time(pts) * NANOSECONDS_PER_SECOND
    assert nanoseconds <= exact < nanoseconds + 1


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (0, "00:00:00.000"),
        (300_000_000_000, "00:05:00.000"),
        (3_723_004_999_999, "01:02:03.004"),
        (-1_500_000_000, "-00:00:01.500"),
        (360_000_000_000_000, "100:00:00.000"),
    ],
)
def test_times_read_as_people_write_them(instant: int, text: str) -> None:
    assert format_time(instant) == text
