"""The request to stop the service."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


class Stop:
    """A stop that is requested once for a graceful end, and twice for an immediate one."""

    def __init__(self) -> None:
        self._requested = asyncio.Event()
        self._hurry = asyncio.Event()

    def request(self) -> None:
        """Requests the end; the second request ends the grace period."""
        if self._requested.is_set():
            self._hurry.set()
        self._requested.set()

    async def requested(self) -> None:
        """Returns after the first request."""
        await self._requested.wait()

    async def hurried(self) -> None:
        """Returns after the second request."""
        await self._hurry.wait()

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """Requests the end at each SIGTERM and SIGINT that arrives within the block."""
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.add_signal_handler(number, self.request)
        try:
            yield
        finally:
            for number in SIGNALS:
                loop.remove_signal_handler(number)
