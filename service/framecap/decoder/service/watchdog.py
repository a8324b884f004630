"""Ends the wait for a decoder that makes no progress."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Watchdog:
    """Counts the time spent waiting for a decoder since its last progress.

    The clock runs only inside `waiting`, and stops inside `held`. So the time in which the service
    answers a read, or a slow client blocks the capture, does not count against the decoder.

    Args:
        stall_after: The seconds of waiting after which the deadline is reached.
        clock: Returns the time of deadlines, in seconds.
    """

    def __init__(self, stall_after: float, clock: Callable[[], float]) -> None:
        self._stall_after = stall_after
        self._clock = clock
        self._left = stall_after
        self._waiting = False
        self._holds = 0
        self._began: float | None = None

    @contextmanager
    def waiting(self) -> Iterator[Callable[[], float]]:
        """Runs the clock for the block, and gives it a function that returns the wait's deadline.

        The deadline may move while the block waits, but only to later.
        """
        self._waiting = True
        self._run()
        try:
            yield self._deadline
        finally:
            self._stop()
            self._waiting = False

    @contextmanager
    def held(self) -> Iterator[None]:
        """Stops the clock, even within a wait, until the last such block ends."""
        self._stop()
        self._holds += 1
        try:
            yield
        finally:
            self._holds -= 1
            self._run()

    def progressed(self) -> None:
        """Resets the time that is left, because the decoder made progress."""
        self._left = self._stall_after

    def _deadline(self) -> float:
        began = self._clock() if self._began is None else self._began
        return began + self._left

    def _run(self) -> None:
        """Starts the clock, if a wait is in progress and no block holds the clock."""
        if self._waiting and not self._holds:
            self._began = self._clock()

    def _stop(self) -> None:
        """Stops the clock, if it runs."""
        if self._began is not None:
            self._left -= self._clock() - self._began
            self._began = None
