"""Colour conversion as integers for the kernels, derived exactly.

YCbCr is linear in RGB, so any conversion between matrices and ranges is one 3 x 3 matrix and an
offset. It is multiplied out as fractions and rounded once, to 13 bits after the point: with 16-bit
samples every sum stays below 2^31, and a coefficient fits 16 bits.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from framecap.model.media import Matrix, Model, PixelLayout
from framecap.pixels.levels import black
from framecap.pixels.matrix3 import IDENTITY, Rows, product

COEFFICIENT_BITS: Final = 13

SIGNAL_BITS: Final = 24
SIGNAL_SHIFT: Final = 12

RED_AND_BLUE: Final = {
    Matrix.BT601: (Fraction(299, 1000), Fraction(114, 1000)),
    Matrix.BT709: (Fraction(2126, 10000), Fraction(722, 10000)),
    Matrix.BT2020: (Fraction(2627, 10000), Fraction(593, 10000)),
    Matrix.SMPTE240M: (Fraction(212, 1000), Fraction(87, 1000)),
    Matrix.FCC: (Fraction(30, 100), Fraction(11, 100)),
}
"""The shares of red and blue in luma; the rest is green's."""


@dataclass(frozen=True, slots=True, eq=False)
class Mix:
    """Result k is `(coefficients[k] · samples + biases[k]) >> shift`, clamped to 0..255."""

    coefficients: npt.NDArray[np.int32]
    """Shape (3, 3)."""

    biases: npt.NDArray[np.int32]
    """The offsets of input and output, and half of the last bit for rounding."""

    shift: int
    """Fractional bits."""

    leaves: bool
    """True when the conversion leaves 8-bit planes unchanged."""


@dataclass(frozen=True, slots=True, eq=False)
class Signal:
    """Result k is `(coefficients[k] · samples + biases[k]) >> shift`, 1 being 1 << 24."""

    coefficients: npt.NDArray[np.int32]
    """Shape (3, 3)."""

    biases: npt.NDArray[np.int64]
    """The offsets, and half of the last bit for rounding."""

    shift: int
    """Fractional bits, dropped."""


def luma_shares(matrix: Matrix) -> tuple[Fraction, Fraction, Fraction]:
    """Returns the shares of red, green and blue in luma."""
    red, blue = RED_AND_BLUE[matrix]
    return red, 1 - red - blue, blue


@lru_cache(maxsize=64)
def to_jfif(layout: PixelLayout) -> Mix:
    """Returns the conversion of a layout's planes to full-range BT.601 YCbCr."""
    match layout.model:
        case Model.GRAY:
            rows = IDENTITY
        case Model.RGB:
            rows = _from_rgb(Matrix.BT601)
        case Model.YUV:
            rows = product(_from_rgb(Matrix.BT601), _to_rgb(layout.matrix))
    return _mix(rows, layout, (0, 128, 128))


@lru_cache(maxsize=64)
def to_rgb(layout: PixelLayout) -> Mix:
    """Returns the conversion of a layout's planes to full-range RGB; for gray, in the first row."""
    rows = _to_rgb(layout.matrix) if layout.model is Model.YUV else IDENTITY
    return _mix(rows, layout, (0, 0, 0))


@lru_cache(maxsize=64)
def to_bytes(layout: PixelLayout) -> Mix:
    """Returns the conversion of full-range samples, such as alpha, to 8 bits."""
    return _mix(IDENTITY, replace(layout, model=Model.RGB), (0, 0, 0))


@lru_cache(maxsize=64)
def to_signal(layout: PixelLayout) -> Signal:
    """Returns the conversion of a layout's planes to signals of red, green and blue."""
    match layout.model:
        case Model.GRAY:
            rows = (IDENTITY[0], IDENTITY[0], IDENTITY[0])
        case Model.RGB:
            rows = IDENTITY
        case Model.YUV:
            rows = _to_rgb(layout.matrix)
    unit = 1 << (SIGNAL_BITS + SIGNAL_SHIFT)
    blacks = [black(layout, index) for index in range(3)]
    spans = [_range(layout, index) for index in range(3)]
    coefficients = [
        [round(unit * factor / span) for factor, span in zip(row, spans, strict=True)]
        for row in rows
    ]
    half = 1 << (SIGNAL_SHIFT - 1)
    biases = [half - sum(k * b for k, b in zip(row, blacks, strict=True)) for row in coefficients]
    return Signal(np.array(coefficients, np.int32), np.array(biases, np.int64), SIGNAL_SHIFT)


def _to_rgb(matrix: Matrix) -> Rows:
    """Returns R, G, B in 0..1 from Y in 0..1 and Cb, Cr in -1/2..1/2."""
    red, green, blue = luma_shares(matrix)
    cr_to_red, cb_to_blue = 2 * (1 - red), 2 * (1 - blue)
    one, none = Fraction(1), Fraction(0)
    return (
        (one, none, cr_to_red),
        (one, -cb_to_blue * blue / green, -cr_to_red * red / green),
        (one, cb_to_blue, none),
    )


def _from_rgb(matrix: Matrix) -> Rows:
    """Returns Y, Cb, Cr from R, G, B: the inverse of `_to_rgb`."""
    red, green, blue = luma_shares(matrix)
    half = Fraction(1, 2)
    return (
        (red, green, blue),
        (-red / (2 * (1 - blue)), -green / (2 * (1 - blue)), half),
        (half, -green / (2 * (1 - red)), -blue / (2 * (1 - red))),
    )


def _mix(rows: Rows, layout: PixelLayout, offsets: tuple[int, int, int]) -> Mix:
    shift = COEFFICIENT_BITS + layout.depth - 8
    blacks = [black(layout, index) for index in range(3)]
    ranges = [_range(layout, index) for index in range(3)]
    coefficients = [
        [
            round(255 * factor / span * (1 << shift))
            for factor, span in zip(row, ranges, strict=True)
        ]
        for row in rows
    ]
    biases = [
        (offset << shift)
        + (1 << (shift - 1))
        - sum(k * b for k, b in zip(row, blacks, strict=True))
        for row, offset in zip(coefficients, offsets, strict=True)
    ]
    half, one = 1 << (shift - 1), 1 << shift
    leaves = biases == [half] * 3 and coefficients == [
        [one if row == column else 0 for column in range(3)] for row in range(3)
    ]
    return Mix(np.array(coefficients, np.int32), np.array(biases, np.int32), shift, leaves)


def _range(layout: PixelLayout, index: int) -> int:
    """Returns the number of steps from the lowest to the highest nominal sample of a plane."""
    if layout.model is Model.RGB or layout.full_range:
        return (1 << layout.depth) - 1
    chroma = layout.model is Model.YUV and index > 0
    return (224 if chroma else 219) << (layout.depth - 8)
