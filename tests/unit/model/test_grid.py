"""Grids count instants without listing them."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from framecap.model.grid import ListedGrid, UniformGrid

moments = st.fractions(min_value=-50, max_value=2000, max_denominator=7)


@given(
    start=st.integers(0, 500),
    step=st.fractions(min_value=Fraction(1, 3), max_value=300, max_denominator=5),
    end=st.none() | st.integers(0, 1500),
    limit=st.none() | st.integers(0, 20),
    moment=moments,
)
def test_a_uniform_grid_counts_as_its_instants_do(
    start: int, step: Fraction, end: int | None, limit: int | None, moment: Fraction
) -> None:
    grid = UniformGrid(start=Fraction(start), step=step, end=end, limit=limit)
    listed = [start + k * step for k in range(limit if limit is not None else 7000)]
    listed = [instant for instant in listed if end is None or instant < end]
    assert grid.before(moment) == sum(instant < moment for instant in listed)
    if end is not None or limit is not None:
        assert grid.count == len(listed)
    else:
        assert grid.count is None
    assert [grid.at(k) for k in range(min(5, len(listed)))] == listed[:5]


@given(st.sets(st.integers(0, 100)), moments)
def test_a_listed_grid_counts_as_its_instants_do(instants: set[int], moment: Fraction) -> None:
    grid = ListedGrid(tuple(sorted(instants)))
    assert grid.before(moment) == sum(instant < moment for instant in instants)
    assert grid.count == len(instants)
    assert [grid.at(k) for k in range(len(instants))] == sorted(instants)
