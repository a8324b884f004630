"""The tables of light, entry by entry, against exact arithmetic.

An entry is right when no other whole number is nearer to the exact value. That each exact value
keeps clear of the middle between two is what makes the tables the same on every machine: floats
that are wrong in their last bits still round to the same number.
"""

from __future__ import annotations

from decimal import Context, Decimal
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from framecap.model.media import Transfer
from framecap.pixels.gamut import gamut_factors
from framecap.pixels.light import dimming_table, display_table, light_table
from oracles import tonemap as oracle

EXACT = Context(prec=28)
CLEAR = Decimal("1e-5")
"""Of a unit. Floats of 53 bits are off by 1e-7 in the largest entries, which have 31."""


def pq(signal: Decimal) -> Decimal:
    m1, m2 = Decimal(2610) / 16384, Decimal(2523) / 32
    c1, c2, c3 = Decimal(3424) / 4096, Decimal(2413) / 128, Decimal(2392) / 128
    root = EXACT.power(min(signal, Decimal(1)), 1 / m2)
    return 100 * EXACT.power(max(root - c1, Decimal(0)) / (c2 - c3 * root), 1 / m1)


def hlg(signal: Decimal) -> Decimal:
    a, b, c = Decimal("0.17883277"), Decimal("0.28466892"), Decimal("0.55991073")
    low = signal <= Decimal("0.5")
    scene = signal**2 / 3 if low else (EXACT.exp((signal - c) / a) + b) / 12
    return 10 * EXACT.power(scene, Decimal("1.2"))


@pytest.mark.parametrize(("transfer", "formula"), [(Transfer.PQ, pq), (Transfer.HLG, hlg)])
def test_light_is_rounded_from_its_exact_value(transfer: Transfer, formula) -> None:
    table = light_table(transfer)
    assert len(table) == 5121
    for step, entry in enumerate(table.tolist()):
        exact = formula(Decimal(step) / 4096) * 2**23
        assert abs(exact - entry) < Decimal("0.5") - CLEAR, step


def bucket(index: int) -> tuple[int, int]:
    """Returns the first light of a bucket, and the last."""
    octave, mantissa = divmod(index, 1024)
    if octave == 0:
        return mantissa, mantissa
    return (1024 + mantissa) << (octave - 1), ((1025 + mantissa) << (octave - 1)) - 1


def middle(index: int) -> Fraction:
    return Fraction(sum(bucket(index)), 2**24)


def test_buckets_cover_light_without_gaps() -> None:
    ranges = [bucket(index) for index in range(22 * 1024)]
    assert ranges[0][0] == 0
    assert ranges[-1][1] == 2**31 - 1
    for (_, last), (first, _) in pairwise(ranges):
        assert first == last + 1


def assert_is_root(entry: int, scale: int, base: Fraction) -> None:
    """Asserts that an entry is the nearest to `scale * base ** (5 / 12)`, and no other is near.

    With both sides raised to the twelfth power, in units of `CLEAR`, there are only whole numbers.
    """
    unit = int(1 / CLEAR)
    near = unit // 2 - 1
    exact = (scale * unit) ** 12 * base.numerator**5
    below, above = max(entry * unit - near, 0), entry * unit + near
    assert below**12 * base.denominator**5 <= exact < above**12 * base.denominator**5


def test_levels_are_rounded_from_their_exact_values() -> None:
    table = display_table().tolist()
    assert len(table) == 22 * 1024
    for index, entry in enumerate(table):
        assert_is_root(entry, 255 * 2**12, middle(index))


def test_dimming_is_rounded_from_its_exact_value() -> None:
    def curve(x: Fraction) -> Fraction:
        a, b, c, d, e, f = (Fraction(k, 100) for k in (15, 50, 10, 20, 2, 30))
        return (x * (a * x + c * b) + d * e) / (x * (a * x + b) + d * f) - e / f

    table = dimming_table().tolist()
    assert len(table) == 22 * 1024
    # A curve over its argument is its slope where that is 0.
    assert_is_root(table[0], 2**16, Fraction(5, 18) / curve(Fraction(10)))
    for index, entry in enumerate(table[1:], 1):
        x = middle(index)
        assert_is_root(entry, 2**16, curve(x) / curve(Fraction(10)) / x)


def test_gamut_is_that_of_the_primaries() -> None:
    expected = oracle.to_bt709(np.identity(3)) * 2**28
    np.testing.assert_allclose(gamut_factors(), expected, rtol=0, atol=0.51)


def test_white_and_gray_stay_what_they_are() -> None:
    """Rows of factors sum to 1, but for what rounding three of them costs."""
    np.testing.assert_allclose(gamut_factors().sum(axis=1), 2**28, rtol=0, atol=1.5)


def test_tables_are_made_once_and_cannot_be_changed() -> None:
    for table in (light_table(Transfer.PQ), display_table(), dimming_table(), gamut_factors()):
        assert not table.flags.writeable
    assert light_table(Transfer.PQ) is light_table(Transfer.PQ)
