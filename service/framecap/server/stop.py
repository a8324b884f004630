"""The wish to end."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


class Stop:
    """Is asked for once to end in good order, and again to end at once."""

    def __init__(self) -> None:
        self._asked = asyncio.Event()
        self._hurry = asyncio.Event()

    def ask(self) -> None:
        """Asks to end; asking again asks not to wait."""
        if self._asked.is_set():
            self._hurry.set()
        self._asked.set()

    async def asked(self) -> None:
        """Returns once the end was asked for."""
        await self._asked.wait()

    async def hurried(self) -> None:
        """Returns once the end was asked for again."""
        await self._hurry.wait()

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """Asks at each SIGTERM and SIGINT that arrives within the block."""
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.add_signal_handler(number, self.ask)
        try:
            yield
        finally:
            for number in SIGNALS:
                loop.remove_signal_handler(number)
