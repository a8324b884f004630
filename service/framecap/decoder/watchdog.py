"""Ends the wait for a decoder that makes no progress."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager


class Stalled(Exception):
    """The time for the next sign of progress is over."""


class Watchdog:
    """Counts the time spent waiting for a decoder since its last progress.

    Its clock runs only inside `waiting`, and stands still inside `held`. So the time in which the
    service answers a read, or its consumer holds up the capture, is not the decoder's.

    Args:
        stall_after: How many seconds of waiting end it.
    """

    def __init__(self, stall_after: float) -> None:
        self._stall_after = stall_after
        self._left = stall_after
        self._holds = 0
        self._began = 0.0
        self._timeout: asyncio.Timeout | None = None

    @asynccontextmanager
    async def waiting(self) -> AsyncIterator[None]:
        """Runs the clock.

        Raises:
            Stalled: It ran out.
        """
        timeout = asyncio.timeout(None)
        try:
            async with timeout:
                self._timeout = timeout
                self._run()
                try:
                    yield
                finally:
                    self._stop()
                    self._timeout = None
        except TimeoutError:
            if timeout.expired():
                raise Stalled(f"no progress in {self._stall_after} s") from None
            raise

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

    def _run(self) -> None:
        """Starts the clock of the wait, if there is one and nothing holds it."""
        if self._timeout is not None and not self._holds:
            self._began = asyncio.get_running_loop().time()
            self._timeout.reschedule(self._began + self._left)

    def _stop(self) -> None:
        """Stops the clock of the wait, if it runs."""
        if self._timeout is not None and not self._holds:
            self._left -= asyncio.get_running_loop().time() - self._began
            if not self._timeout.expired():
                self._timeout.reschedule(None)
