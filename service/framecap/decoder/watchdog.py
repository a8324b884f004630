"""Ends the wait for a decoder that makes no progress."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Watchdog:
    """Counts the time spent waiting for a decoder since its last progress.

    Its clock runs only inside `waiting`, and stands still inside `held`. So the time in which the
    service answers a read, or its consumer holds up the capture, is not the decoder's.

    Args:
        stall_after: How many seconds of waiting end it.
        clock: The clock of deadlines, in seconds.
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
        """Runs the clock for the block, which is given what tells the deadline of its wait.

        The deadline may move while the block waits, but only further away.
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
        """Stops the clock, also of a wait that has begun, until the last such block ends."""
        self._stop()
        self._holds += 1
        try:
            yield
        finally:
            self._holds -= 1
            self._run()

    def progressed(self) -> None:
        """Winds the clock up again."""
        self._left = self._stall_after

    def _deadline(self) -> float:
        began = self._clock() if self._began is None else self._began
        return began + self._left

    def _run(self) -> None:
        """Starts the clock of the wait, if there is one and nothing holds it."""
        if self._waiting and not self._holds:
            self._began = self._clock()

    def _stop(self) -> None:
        """Stops the clock of the wait, if it runs."""
        if self._began is not None:
            self._left -= self._clock() - self._began
            self._began = None
