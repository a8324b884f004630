"""Clocks that tests move."""

from __future__ import annotations


class MovedClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1_724_133_063_161_000_000

    def __call__(self) -> int:
        return self.now
