"""Wakes those who wait for a change of the store, by whichever process it is made."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from framecap.errors import DataStoreUnavailable

MAX_WAIT_SECONDS: Final = 1.0
"""The longest wait. It bounds the delay of what no change announces, as the end of a backoff."""

POLL_SECONDS: Final = 0.25
"""The time between two looks for the changes of other processes."""

WORK: Final = ""
"""The subject of those who wait for any pending task."""


class Wakes:
    """Waits by subject: a task's id, or `WORK`. For one event loop.

    Args:
        change_count: Returns a number that differs after a change by any process.
    """

    def __init__(self, change_count: Callable[[], Awaitable[int]]) -> None:
        self._change_count = change_count
        self._waiting: dict[str, set[asyncio.Event]] = {}
        self._poller: asyncio.Task[None] | None = None
        self._polling = asyncio.Event()

    def wake(self, subject: str) -> None:
        """Wakes those who wait for a subject."""
        for event in self._waiting.get(subject, ()):
            event.set()

    async def wait(self, subject: str, already: Callable[[], Awaitable[bool]]) -> None:
        """Returns after a change that may concern the subject, or after `MAX_WAIT_SECONDS`.

        Args:
            subject: The subject.
            already: Returns whether the change is there; called once those to come are noticed.
        """
        event = asyncio.Event()
        self._waiting.setdefault(subject, set()).add(event)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(MAX_WAIT_SECONDS):
                    await self._until_polling()
                    if not await already():
                        await event.wait()
        except DataStoreUnavailable:
            # The next read reports it; a pause keeps the caller from reading all the time.
            await asyncio.sleep(POLL_SECONDS)
        finally:
            events = self._waiting[subject]
            events.remove(event)
            if not events:
                del self._waiting[subject]

    async def close(self) -> None:
        """Ends the polling."""
        if self._poller is not None:
            self._poller.cancel()
            await asyncio.gather(self._poller, return_exceptions=True)

    async def _until_polling(self) -> None:
        """Returns once every later change of another process wakes those who wait."""
        if self._poller is None:
            self._polling = asyncio.Event()
            self._poller = asyncio.create_task(self._poll())
        await self._polling.wait()

    async def _poll(self) -> None:
        last = None
        try:
            while self._waiting:
                with suppress(DataStoreUnavailable):
                    count = await self._change_count()
                    if self._polling.is_set() and count != last:
                        self._wake_all()
                    last = count
                self._polling.set()
                await asyncio.sleep(POLL_SECONDS)
        finally:
            self._poller = None

    def _wake_all(self) -> None:
        for subject in self._waiting:
            self.wake(subject)
