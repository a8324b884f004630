"""One axis of resampling, in exact arithmetic.

Sample j of a plane covers [j, j + 1) of its axis. Result i covers [start + i·step, start + (i +
1)·step). Beyond its ends an axis repeats its last sample. Downscaling by area averages the samples
that a result covers, each weighted by its overlap. Bicubic downscaling weights the samples of four
results by a cubic with a = -3/4, scaled to their width; of its family it is about the nearest to
Lanczos with three lobes. Upscaling and shifting are cubic convolution with a = -1/2 (Keys), the
only one of its family that reproduces every quadratic, and the one that overshoots least while it
interpolates.

Weights are integers that sum to 16384. The rest that rounding down leaves goes to the samples with
the largest remainders, among equal ones to those nearest the result's centre; a sample in the very
middle takes only a rest that cannot be shared out in pairs. So a mirrored axis has mirrored
weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import lcm
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from framecap._kernels.resample import AxisTaps
from framecap.model.spec import ShrinkFilter

WEIGHT_BITS: Final = 14
WEIGHT_SUM: Final = 1 << WEIGHT_BITS

POSITION_BITS: Final = 16
HEIGHT_BITS: Final = 24
"""The fractional bits of the scaled cubic's argument and value, both rounded down."""

MAX_DENOMINATOR: Final = 1 << 16
"""Above this, exact weights would not fit 64 bits. 8192 pixels from quarter-size chroma need it."""

VECTOR: Final = 16
"""More than 8 weights are padded with zeros to a multiple of this, fewer to 8 or 4: the kernel
reads them by vector."""

Integers: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of a resampling: the samples that the results cover."""

    length: int
    """The number of samples."""

    start: Fraction
    """The start of the first result, in samples."""

    step: Fraction
    """The width of a result, in samples."""

    count: int
    """The number of results."""

    @property
    def aligned(self) -> bool:
        """True when each result is one sample."""
        return self.step == 1 and self.start.denominator == 1

    @property
    def whole(self) -> bool:
        """True when each result is one sample that exists."""
        return self.aligned and self.start >= 0 and self.start + self.count <= self.length


@dataclass(frozen=True, slots=True, eq=False)
class Taps:
    """Weights by result: `weights[i, k]` is that of sample `starts[i] + k`."""

    kernel: AxisTaps
    """The weights in the form that the kernel takes."""

    starts: npt.NDArray[np.int32]
    """The first sample of each result; all `span` samples from it exist."""

    weights: npt.NDArray[np.int16]
    """Shape (results, width); each row sums to 16384 and is 0 from `span` on."""

    span: int
    """The most samples of a result."""


@lru_cache(maxsize=64)
def taps(axis: Axis, shrink: ShrinkFilter) -> Taps:
    """Returns the weights of an axis. Cached: all frames of a capture share them."""
    unit = lcm(axis.start.denominator, axis.step.denominator)
    if unit > MAX_DENOMINATOR:
        raise ValueError(f"the denominator {unit} of an axis exceeds {MAX_DENOMINATOR}")
    begins = int(axis.start * unit) + int(axis.step * unit) * np.arange(axis.count, dtype=np.int64)
    if axis.aligned:
        first, weights = begins, np.full((axis.count, 1), WEIGHT_SUM, np.int64)
    elif axis.step > 1 and shrink is ShrinkFilter.BICUBIC:
        first, weights = _bicubic(begins, int(axis.step * unit), unit)
    elif axis.step > 1:
        first, weights = _area(begins, int(axis.step * unit), unit)
    else:
        first, weights = _cubic(begins, int(axis.step * unit), unit)
    return _within(axis.length, first, weights)


def _area(begins: Integers, step: int, unit: int) -> tuple[Integers, Integers]:
    """Returns the first samples and the weights of an average. `step` samples are `unit`ths."""
    first = begins // unit
    width = int(np.max(-(-(begins + step) // unit) - first))
    edges = (first[:, None] + np.arange(width)) * unit
    ends = (begins + step)[:, None]
    overlaps = np.minimum(edges + unit, ends) - np.maximum(edges, begins[:, None])
    weights, remainders = np.divmod(np.maximum(overlaps, 0) << WEIGHT_BITS, step)
    return first, _complete(weights, remainders, 2 * edges + unit - (2 * begins + step)[:, None])


def _bicubic(begins: Integers, step: int, unit: int) -> tuple[Integers, Integers]:
    """Returns the first samples and the weights of a cubic scaled to four results."""
    # In units of half a `unit`th, distances within twice two results count.
    first = (2 * begins - 3 * step - unit) // (2 * unit) + 1
    last = -(-(2 * begins + 5 * step - unit) // (2 * unit)) - 1
    samples = first[:, None] + np.arange(int(np.max(last - first)) + 1)
    distances = (2 * samples + 1) * unit - (2 * begins + step)[:, None]
    heights = _height((np.abs(distances) << POSITION_BITS) // (2 * step))
    total = heights.sum(axis=1, keepdims=True)
    weights, remainders = np.divmod(heights << WEIGHT_BITS, total)
    return first, _complete(weights, remainders, distances)


def _height(x: Integers) -> Integers:
    """Returns the cubic with a = -3/4 at positions 1 << 16 apart, 1 being 1 << 24."""
    one = 1 << POSITION_BITS
    near = 5 * x**3 - 9 * x**2 * one + 4 * one**3
    far = -3 * x**3 + 15 * x**2 * one - 24 * x * one**2 + 12 * one**3
    fourfold = np.where(x <= one, near, np.where(x < 2 * one, far, 0))
    return fourfold >> (3 * POSITION_BITS + 2 - HEIGHT_BITS)


def _cubic(begins: Integers, step: int, unit: int) -> tuple[Integers, Integers]:
    """Returns the first samples and the weights of a cubic convolution."""
    centres = 2 * begins + step - unit  # In units of half a `unit`th, from sample 0's centre.
    nearest, fraction = np.divmod(centres, 2 * unit)
    t, one = fraction[:, None], 2 * unit
    whole = 2 * one**3
    numerators = np.concatenate(
        [
            -(t**3) + 2 * t**2 * one - t * one**2,
            3 * t**3 - 5 * t**2 * one + 2 * one**3,
            -3 * t**3 + 4 * t**2 * one + t * one**2,
            t**3 - t**2 * one,
        ],
        axis=1,
    )
    distances = np.concatenate([-t - one, -t, one - t, 2 * one - t], axis=1)
    # Long division, seven bits at a time: at once the dividend could exceed 64 bits.
    high, rest = np.divmod(numerators << 7, whole)
    low, remainders = np.divmod(rest << 7, whole)
    return nearest - 1, _complete((high << 7) + low, remainders, distances)


def _complete(weights: Integers, remainders: Integers, distances: Integers) -> Integers:
    """Returns the weights after the rest that rounding left is distributed."""
    missing = WEIGHT_SUM - weights.sum(axis=1, keepdims=True)
    middle = np.where(distances == 0, 1 - 2 * (missing % 2), 0)
    order = np.lexsort((np.abs(distances), -remainders, middle), axis=-1)
    gains = np.arange(weights.shape[1]) < missing
    np.put_along_axis(weights, order, np.take_along_axis(weights, order, 1) + gains, 1)
    return weights


def _within(length: int, first: Integers, weights: Integers) -> Taps:
    """Returns taps that stay inside the axis: weights beyond an end move to its last sample."""
    count, width = weights.shape
    span = min(width, length)
    starts = np.clip(first, 0, length - span)
    columns = np.clip(first[:, None] + np.arange(width), 0, length - 1) - starts[:, None]
    padded = np.zeros((count, _width(span)), np.int64)
    np.add.at(padded, (np.arange(count)[:, None], columns), weights)
    result = starts.astype(np.int32), padded.astype(np.int16)
    for array in result:
        array.setflags(write=False)
    return Taps(AxisTaps(*result, span), *result, span)


def _width(span: int) -> int:
    """Returns the number of weights that the kernel takes for `span` samples."""
    return 4 if span <= 4 else 8 if span <= 8 else -(-span // VECTOR) * VECTOR
