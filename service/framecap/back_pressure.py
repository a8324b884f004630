"""Back-pressure between a capture's work and its client; heartbeats while the work is silent."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Generic, TypeVar

from framecap.revocation import Revocation

Item = TypeVar("Item")


async def with_back_pressure(
    work: AsyncGenerator[Item],
    *,
    wait_seconds: Callable[[], float],
    pause_after: float,
    pause: Callable[[], None],
    resume: Callable[[], Awaitable[None]],
    revoked: Revocation | None = None,
) -> AsyncGenerator[Item | None]:
    """Yields the items of `work`, and None whenever the next item takes too long.

    The work runs in a task of its own, at most one item ahead: a client that reads slowly slows the
    work, and memory does not grow. Closing this generator cancels the task and waits for its end.

    Args:
        work: Produces the items.
        wait_seconds: Returns, for each item, the seconds to wait before None is yielded.
        pause_after: The seconds that a client may block the work before the work is paused.
        pause: Called when the work is paused.
        resume: Awaited before the work goes on after a pause.
        revoked: Ends the work when it is done, whether or not the client reads.

    Raises:
        CaptureError: The result of `revoked`, after the items that the work had yielded.
    """
    ahead = _Ahead(work, pause_after=pause_after, pause=pause, resume=resume)
    if revoked is not None:
        revoked.add_done_callback(ahead.end)
    try:
        while not ahead.over:
            if ahead.has_item:
                yield ahead.take()
            elif not await ahead.filled(within=wait_seconds()):
                yield None
        if revoked is not None and revoked.done() and ahead.cancelled:
            raise revoked.result()
        ahead.check()
    finally:
        if revoked is not None:
            revoked.remove_done_callback(ahead.end)
        await ahead.close()


class _Ahead(Generic[Item]):
    """Runs the work in a task of its own, at most one item ahead. Close it to end the task.

    Args:
        work: Produces the items.
        pause_after: The seconds that an item may block the work before the work is paused.
        pause: Called when the work is paused.
        resume: Awaited before the work goes on after a pause.
    """

    def __init__(
        self,
        work: AsyncGenerator[Item],
        *,
        pause_after: float,
        pause: Callable[[], None],
        resume: Callable[[], Awaitable[None]],
    ) -> None:
        self._work = work
        self._pause_after = pause_after
        self._pause = pause
        self._resume = resume
        self._box: deque[Item] = deque()
        self._filled, self._emptied = _Signal(), _Signal()
        self._task = asyncio.create_task(self._feed())
        self._task.add_done_callback(lambda _: self._filled.send())

    @property
    def has_item(self) -> bool:
        """True when `take` may be called."""
        return bool(self._box)

    @property
    def over(self) -> bool:
        """True once the work has ended and its last item was taken."""
        return not self._box and self._task.done()

    @property
    def cancelled(self) -> bool:
        """True when the work was cancelled before its end."""
        return self._task.cancelled()

    def take(self) -> Item:
        """Returns the next item, and lets the work go on."""
        item = self._box.popleft()
        self._emptied.send()
        return item

    async def filled(self, *, within: float) -> bool:
        """Returns True once there is an item or the work is over; False after `within` seconds."""
        return await self._filled.sent(within=within)

    def end(self, _: Revocation) -> None:
        """Cancels the work; called once it is revoked."""
        self._task.cancel()

    def check(self) -> None:
        """Raises the error by which the work ended."""
        self._task.result()

    async def close(self) -> None:
        """Cancels the work and waits for its end."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _feed(self) -> None:
        async with aclosing(self._work):
            async for item in self._work:
                try:
                    await self._wait_for_room()
                finally:
                    # The item is delivered even when a revocation cancelled this wait.
                    self._box.append(item)
                    self._filled.send()

    async def _wait_for_room(self) -> None:
        if not self._box or await self._emptied.sent(within=self._pause_after):
            return
        self._pause()
        while self._box:
            await self._emptied.sent()
        await self._resume()


class _Signal:
    """Wakes its only waiter."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiter: asyncio.Future[bool] | None = None

    def send(self) -> None:
        """Wakes the waiter; without one, does nothing."""
        if self._waiter is not None:
            _settle(self._waiter, True)

    async def sent(self, within: float | None = None) -> bool:
        """Returns True once the signal is sent; False when it is not within `within` seconds."""
        waiter: asyncio.Future[bool] = self._loop.create_future()
        self._waiter = waiter
        timer = None if within is None else self._loop.call_later(within, _settle, waiter, False)
        try:
            return await waiter
        finally:
            self._waiter = None
            if timer is not None:
                timer.cancel()


def _settle(future: asyncio.Future[bool], value: bool) -> None:
    if not future.done():
        future.set_result(value)
