"""Weights along one axis."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framecap.model.spec import ShrinkFilter
from framecap.pixels.axis import MAX_DENOMINATOR, Axis, Taps, taps
from oracles.resample import weights

BICUBIC = ShrinkFilter.BICUBIC


def matrix(length: int, table: Taps) -> np.ndarray:
    """Returns the weights with a column for every sample."""
    result = np.zeros((len(table.starts), length), np.int64)
    for row, start, values in zip(result, table.starts, table.weights, strict=True):
        row[start : start + table.span] = values[: table.span]
    return result


def axes(largest: int) -> st.SearchStrategy[Axis]:
    return st.builds(
        lambda length, scaled, shift, first, count: Axis(
            length, Fraction(first, 1) + Fraction(shift, 8), Fraction(length, scaled), count
        ),
        length=st.integers(1, largest),
        scaled=st.integers(1, largest),
        shift=st.integers(-8, 8),
        first=st.integers(-3, largest),
        count=st.integers(1, 12),
    )


@given(axis=axes(60), shrink=st.sampled_from(ShrinkFilter))
def test_weights_are_as_defined(axis: Axis, shrink: ShrinkFilter) -> None:
    expected = weights(axis.length, axis.start, axis.step, axis.count, shrink)
    np.testing.assert_array_equal(matrix(axis.length, taps(axis, shrink)), expected)


@given(axis=axes(5000), shrink=st.sampled_from(ShrinkFilter))
def test_weights_sum_to_one_and_stay_inside(axis: Axis, shrink: ShrinkFilter) -> None:
    table = taps(axis, shrink)
    assert (table.weights.sum(1, dtype=np.int64) == 16384).all()
    assert not table.weights[:, table.span :].any()
    assert (table.starts >= 0).all()
    assert (table.starts + table.span <= axis.length).all()
    assert np.abs(table.weights.astype(np.int64)).sum(1).max() <= 24576


@given(axis=axes(200), shrink=st.sampled_from(ShrinkFilter))
def test_a_mirrored_axis_has_mirrored_weights(axis: Axis, shrink: ShrinkFilter) -> None:
    """So a mirrored picture is the mirror of the picture, to the last bit."""
    end = axis.start + axis.count * axis.step
    mirrored = Axis(axis.length, axis.length - end, axis.step, axis.count)
    there = matrix(axis.length, taps(axis, shrink))
    back = matrix(axis.length, taps(mirrored, shrink))
    np.testing.assert_array_equal(there, back[::-1, ::-1])


@pytest.mark.parametrize("scaled", (8191, 8192))
@pytest.mark.parametrize("quarter", (Fraction(0), Fraction(3, 8)))
def test_the_finest_axis_there_is_is_exact(scaled: int, quarter: Fraction) -> None:
    """Chroma of a quarter of the columns, enlarged to the longest side: the largest products."""
    step = Fraction(4001, scaled) / 4
    axis = Axis(1001, step * 4000 + quarter, step, 9)
    expected = weights(axis.length, axis.start, axis.step, axis.count, BICUBIC)
    np.testing.assert_array_equal(matrix(axis.length, taps(axis, BICUBIC)), expected)


def test_a_step_too_fine_to_be_exact_is_refused() -> None:
    step = Fraction(1, MAX_DENOMINATOR + 1)
    with pytest.raises(ValueError, match="the denominator 65537 of an axis exceeds 65536"):
        taps(Axis(10, Fraction(0), step, 3), BICUBIC)


def test_weights_are_made_once_and_never_change() -> None:
    axis = Axis(10, Fraction(0), Fraction(2), 5)
    table = taps(axis, BICUBIC)
    assert taps(Axis(10, Fraction(0), Fraction(2), 5), BICUBIC) is table
    with pytest.raises(ValueError, match="read-only"):
        table.weights[0, 0] = 1
    with pytest.raises(ValueError, match="read-only"):
        table.starts[0] = 1
