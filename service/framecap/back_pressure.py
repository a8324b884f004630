"""Back-pressure between a capture's work and its client; heartbeats while the work is silent."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import TypeVar

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
    box: deque[Item] = deque()
    filled, emptied = _Signal(), _Signal()

    async def wait_for_room() -> None:
        if not box or await emptied.sent(within=pause_after):
            return
        pause()
        while box:
            await emptied.sent()
        await resume()

    async def feed() -> None:
        async with aclosing(work):
            async for item in work:
                try:
                    await wait_for_room()
                finally:
                    # The item is delivered even when a revocation cancelled this wait.
                    box.append(item)
                    filled.send()

    feeder = asyncio.create_task(feed())
    feeder.add_done_callback(lambda _: filled.send())

    def end(_: Revocation) -> None:
        feeder.cancel()

    if revoked is not None:
        revoked.add_done_callback(end)
    try:
        while box or not feeder.done():
            if box:
                item = box.popleft()
                emptied.send()
                yield item
            elif not await filled.sent(within=wait_seconds()):
                yield None
        if revoked is not None and revoked.done() and feeder.cancelled():
            raise revoked.result()
        feeder.result()
    finally:
        if revoked is not None:
            revoked.remove_done_callback(end)
        feeder.cancel()
        await asyncio.gather(feeder, return_exceptions=True)


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
