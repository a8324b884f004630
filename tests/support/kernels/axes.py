"""Axes that take every way through the resampling kernel."""

from __future__ import annotations

from fractions import Fraction
from typing import TypeAlias

F = Fraction

Span: TypeAlias = tuple[int, Fraction, Fraction, int]

# (length, start, step, count)
AXES = {
    "one to one": (1, F(0), F(1), 1),
    "one to many": (1, F(0), F(1, 7), 7),
    "two to three": (2, F(0), F(2, 3), 3),
    "copied": (9, F(0), F(1), 9),
    "cut": (9, F(3), F(1), 4),
    "shifted": (9, F(1, 4), F(1), 9),
    "shifted out": (9, F(-5, 2), F(1), 14),
    "thirds": (21, F(0), F(3), 7),
    "odd thirds": (17, F(0), F(17, 6), 6),
    "barely smaller": (32, F(0), F(32, 31), 31),
    "barely larger": (31, F(0), F(31, 32), 32),
    "all into one": (50, F(0), F(50), 1),
    "doubled": (13, F(0), F(1, 2), 26),
    "cut and doubled": (13, F(9, 2), F(1, 2), 9),
    "chroma before the edge": (10, F(-1, 4), F(3, 2), 8),
    "chroma sited": (40, F(1, 4), F(40, 33), 33),
    "far outside": (3, F(10), F(2), 3),
}

# Columns, by how many weights a result has and how results follow each other.
WIDE = {
    "same": (150, F(3), F(1), 141),
    "shifted": (150, F(1, 4), F(1), 150),
    "halves": (300, F(0), F(2), 150),
    "thirds": (300, F(0), F(3), 100),
    "sited thirds": (301, F(1, 4), F(3), 100),
    "quarters": (400, F(0), F(4), 100),
    "sixths": (606, F(0), F(6), 101),
    "elevenths": (1100, F(0), F(11), 100),
    "twentieths": (1000, F(0), F(20), 50),
    "fortieths": (1640, F(0), F(40), 41),
    "longer than a block": (1517, F(0), F(1517, 701), 701),
    "doubled": (83, F(0), F(1, 2), 166),
    "barely larger": (150, F(0), F(150, 151), 151),
}

# Rows, of which the means of two, three and four have a way of their own.
FEW = {
    "same": (3, F(0), F(1), 3),
    "shifted": (5, F(1, 4), F(1), 5),
    "halves": (6, F(0), F(2), 3),
    "thirds": (9, F(0), F(3), 3),
    "sited thirds": (9, F(1, 4), F(3), 3),
    "quarters": (8, F(0), F(4), 2),
    "fifths": (10, F(0), F(5), 2),
    "twelfths": (25, F(0), F(25, 2), 2),
    "barely smaller": (8, F(0), F(8, 7), 7),
    "doubled": (3, F(0), F(1, 2), 6),
}
