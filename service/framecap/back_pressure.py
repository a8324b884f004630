"""The way from the work to the client: bounded, never silent, aware of a client that is slow."""

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
    """Yields what `work` yields, and None whenever that takes too long.

    The work runs in a task of its own, one item ahead at most: a client that reads slowly slows the
    work, and memory does not grow. Closing this generator cancels the task and waits for its end.

    Args:
        work: Where the items come from.
        wait_seconds: Gives, for each item, the seconds to wait before None is yielded.
        pause_after: For how many seconds the client may let the work wait before it is paused.
        pause: Is called then.
        resume: Is awaited before the work goes on after a pause.
        revoked: Ends the work when it is done, whether or not the client reads.

    Raises:
        CaptureError: The result of `revoked`, after the items that the work had yielded.
    """
    box: deque[Item] = deque()
    filled, emptied = _Bell(), _Bell()

    async def wait_for_room() -> None:
        if not box or await emptied.rings(within=pause_after):
            return
        pause()
        while box:
            await emptied.rings()
        await resume()

    async def feed() -> None:
        async with aclosing(work):
            async for item in work:
                try:
                    await wait_for_room()
                finally:
                    # Revoked, the work has ended; what it yielded is still delivered.
                    box.append(item)
                    filled.ring()

    feeder = asyncio.create_task(feed())
    feeder.add_done_callback(lambda _: filled.ring())

    def end(_: Revocation) -> None:
        feeder.cancel()

    if revoked is not None:
        revoked.add_done_callback(end)
    try:
        while box or not feeder.done():
            if box:
                item = box.popleft()
                emptied.ring()
                yield item
            elif not await filled.rings(within=wait_seconds()):
                yield None
        if revoked is not None and revoked.done() and feeder.cancelled():
            raise revoked.result()
        feeder.result()
    finally:
        if revoked is not None:
            revoked.remove_done_callback(end)
        feeder.cancel()
        await asyncio.gather(feeder, return_exceptions=True)


class _Bell:
    """Wakes the one who waits for it."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiter: asyncio.Future[bool] | None = None

    def ring(self) -> None:
        """Wakes the waiter; without one, does nothing."""
        if self._waiter is not None:
            _settle(self._waiter, True)

    async def rings(self, within: float | None = None) -> bool:
        """Returns True once it rings; False when it has not within so many seconds."""
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
