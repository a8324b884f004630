"""Exact 3 x 3 matrices of fractions."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final, TypeAlias

Row: TypeAlias = tuple[Fraction, Fraction, Fraction]
Rows: TypeAlias = tuple[Row, Row, Row]

IDENTITY: Final[Rows] = (
    (Fraction(1), Fraction(0), Fraction(0)),
    (Fraction(0), Fraction(1), Fraction(0)),
    (Fraction(0), Fraction(0), Fraction(1)),
)


def product(left: Rows, right: Rows) -> Rows:
    """Returns the matrix product, which applies `right` first, then `left`."""
    first, second, third = left
    columns = transposed(right)
    return _times(columns, first), _times(columns, second), _times(columns, third)


def transposed(rows: Rows) -> Rows:
    """Returns the transposed matrix."""
    (a, b, c), (d, e, f), (g, h, i) = rows
    return (a, d, g), (b, e, h), (c, f, i)


def inverse(rows: Rows) -> Rows:
    """Returns the inverse matrix."""
    (a, b, c), (d, e, f), (g, h, i) = rows
    cofactors: Rows = (
        (e * i - f * h, c * h - b * i, b * f - c * e),
        (f * g - d * i, a * i - c * g, c * d - a * f),
        (d * h - e * g, b * g - a * h, a * e - b * d),
    )
    determinant = dot(rows[0], transposed(cofactors)[0])
    first, second, third = cofactors
    return _over(first, determinant), _over(second, determinant), _over(third, determinant)


def dot(left: Sequence[Fraction], right: Sequence[Fraction]) -> Fraction:
    """Returns the dot product."""
    return sum((a * b for a, b in zip(left, right, strict=True)), Fraction(0))


def _times(rows: Rows, column: Sequence[Fraction]) -> Row:
    first, second, third = rows
    return dot(first, column), dot(second, column), dot(third, column)


def _over(row: Row, divisor: Fraction) -> Row:
    first, second, third = row
    return first / divisor, second / divisor, third / divisor
