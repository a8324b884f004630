"""Ends the wait for a decoder that makes no progress."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Stalled(Exception):
    """The time for the next sign of progress is over."""


class Watchdog:
    """Counts the time spent waiting for a decoder since its last progress.

    Its clock runs only inside `waiting`. So the time in which the service answers a read, or its
    consumer holds up the capture, is not the decoder's.

    Args:
        stall_after: How many seconds of waiting end it.
    """

    def __init__(self, stall_after: float) -> None:
        self._stall_after = stall_after
        self._left = stall_after

    @asynccontextmanager
    async def waiting(self) -> AsyncIterator[None]:
        """Runs the clock.

        Raises:
            Stalled: It ran out.
        """
        loop = asyncio.get_running_loop()
        began = loop.time()
        timeout = asyncio.timeout(self._left)
        try:
            async with timeout:
                yield
        except TimeoutError:
            if timeout.expired():
                raise Stalled(f"no progress in {self._stall_after} s") from None
            raise
        finally:
            self._left -= loop.time() - began

    def progressed(self) -> None:
        """Winds the clock up again."""
        self._left = self._stall_after
