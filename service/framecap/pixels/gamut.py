"""The conversion of linear light from BT.2020 primaries to BT.709 primaries."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from framecap.pixels.matrix3 import Row, Rows, dot, inverse, product, transposed

GAMUT_BITS: Final = 28

Point: TypeAlias = tuple[int, int]

BT2020: Final[tuple[Point, Point, Point]] = ((7080, 2920), (1700, 7970), (1310, 460))
BT709: Final[tuple[Point, Point, Point]] = ((6400, 3300), (3000, 6000), (1500, 600))
"""The chromaticities of red, green and blue, in ten thousandths of CIE xy."""

D65: Final[Point] = (3127, 3290)
"""The white point of both."""


@lru_cache(maxsize=1)
def gamut_factors() -> npt.NDArray[np.int32]:
    """Returns the matrix from light of BT.2020 primaries to BT.709 primaries, in units of 1 / 2^28.

    It is derived from both chromaticities and the white point, as SMPTE RP 177 does.
    """
    factors = product(inverse(_to_xyz(BT709)), _to_xyz(BT2020))
    result = np.array([[round(x * (1 << GAMUT_BITS)) for x in row] for row in factors], np.int32)
    result.setflags(write=False)
    return result


def _to_xyz(primaries: tuple[Point, Point, Point]) -> Rows:
    """Returns the matrix from light of these primaries to CIE XYZ, their sum being white."""
    red, green, blue = map(_xyz, primaries)
    rows = transposed((red, green, blue))
    # The amount of each primary in white.
    shares, white = inverse(rows), _xyz(D65)
    amounts = [dot(row, white) for row in shares]
    scaled: list[Row] = [
        (row[0] * amounts[0], row[1] * amounts[1], row[2] * amounts[2]) for row in rows
    ]
    return scaled[0], scaled[1], scaled[2]


def _xyz(point: Point) -> Row:
    """Returns the X, Y, Z of a chromaticity, Y being 1."""
    x, y = point
    return Fraction(x, y), Fraction(1), Fraction(10_000 - x - y, y)
