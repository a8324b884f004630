"""Ends the wait for a decoder that makes no progress."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Watchdog:
    """Counts the time spent waiting for a decoder since its last progress.

    Its clock runs only inside `waiting`. So the time in which the service answers a read, or its
    consumer holds up the capture, is not the decoder's.

    Args:
        stall_after: How many seconds of waiting end it.
        clock: The clock of deadlines, in seconds.
    """

    def __init__(self, stall_after: float, clock: Callable[[], float]) -> None:
        self._stall_after = stall_after
        self._clock = clock
        self._left = stall_after

    @contextmanager
    def waiting(self) -> Iterator[float]:
        """Runs the clock for the block, which is given the deadline of its wait."""
        began = self._clock()
        try:
            yield began + self._left
        finally:
            self._left -= self._clock() - began

    def progressed(self) -> None:
        """Winds the clock up again."""
        self._left = self._stall_after
