"""What resampling is: each result's weights as fractions, and both passes with whole numbers.

Slow and plain. The kernels must give the same numbers.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

import numpy as np
import numpy.typing as npt

from framecap.model.spec import ShrinkFilter

ONE = 1 << 14


def resample(
    plane: npt.NDArray[np.generic],
    rows: npt.NDArray[np.int64],
    columns: npt.NDArray[np.int64],
    depth: int,
) -> npt.NDArray[np.int64]:
    """Returns `rows` x plane x `columns`, rounded to a few bits after the first product.

    Args:
        plane: The samples.
        rows: Weights, a row for each result and a column for each of the plane's rows.
        columns: The same for the plane's columns.
        depth: Bits of a sample.
    """
    most = 2**depth - 1
    extra = (14 if depth <= 12 else 16) - depth
    samples = np.minimum(plane.astype(np.int64), most)
    between = _rounded(rows @ samples, 14 - extra)
    return np.clip(_rounded(between @ columns.T, 14 + extra), 0, most)


def _rounded(values: npt.NDArray[np.int64], bits: int) -> npt.NDArray[np.int64]:
    return np.floor_divide(2 * values + 2**bits, 2 * 2**bits)


def weights(
    length: int, start: Fraction, step: Fraction, count: int, shrink: ShrinkFilter
) -> npt.NDArray[np.int64]:
    """Returns the weights of all results, summing to 16384 in each row."""
    matrix = np.zeros((count, length), np.int64)
    for index in range(count):
        begin, end = start + index * step, start + (index + 1) * step
        for sample, weight in _whole(_shares(begin, end, shrink), (begin + end) / 2).items():
            matrix[index, min(max(sample, 0), length - 1)] += weight
    return matrix


def _shares(begin: Fraction, end: Fraction, shrink: ShrinkFilter) -> dict[int, Fraction]:
    """Returns the share of each sample in the result over [begin, end)."""
    if end - begin == 1 and begin.denominator == 1:
        return {int(begin): Fraction(1)}
    if end - begin > 1 and shrink is ShrinkFilter.BICUBIC:
        return _stretched((begin + end) / 2, end - begin)
    if end - begin > 1:
        return {
            sample: (min(end, sample + 1) - max(begin, sample)) / (end - begin)
            for sample in range(floor(begin), ceil(end))
        }
    middle = (begin + end) / 2
    nearest = floor(middle - Fraction(1, 2))
    return {
        sample: _cubic(abs(sample + Fraction(1, 2) - middle), Fraction(-1, 2))
        for sample in range(nearest - 1, nearest + 3)
    }


def _stretched(middle: Fraction, step: Fraction) -> dict[int, Fraction]:
    """Returns the shares under a cubic as wide as four results.

    It is looked up in steps of 1/65536 of a result, and known to 2^-24, both rounded down.
    """
    half = Fraction(1, 2)
    heights = {}
    for sample in range(floor(middle - 2 * step - half) + 1, ceil(middle + 2 * step - half)):
        x = Fraction(floor(abs(sample + half - middle) / step * 2**16), 2**16)
        heights[sample] = floor(_cubic(x, Fraction(-3, 4)) * 2**24)
    return {sample: Fraction(height, sum(heights.values())) for sample, height in heights.items()}


def _cubic(x: Fraction, a: Fraction) -> Fraction:
    """Cubic convolution as Keys defines it."""
    if x <= 1:
        return (a + 2) * x**3 - (a + 3) * x**2 + 1
    return a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a


def _whole(shares: dict[int, Fraction], middle: Fraction) -> dict[int, int]:
    """Returns the shares in 16384ths.

    What rounding leaves over goes to the largest remainders first, then to the nearest the middle;
    a sample in the very middle comes first where an odd number is left over and last elsewhere.
    """
    result = {sample: floor(share * ONE) for sample, share in shares.items()}
    missing = ONE - sum(result.values())

    def claim(sample: int) -> tuple[int, Fraction, Fraction]:
        distance = abs(sample + Fraction(1, 2) - middle)
        lone = 0 if distance else -1 if missing % 2 else 1
        return lone, -(shares[sample] * ONE - result[sample]), distance

    for sample in sorted(shares, key=claim)[:missing]:
        result[sample] += 1
    return result
