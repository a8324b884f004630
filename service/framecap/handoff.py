"""The way from the work to the client: bounded, never silent, aware of a client that is slow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import TypeVar

Item = TypeVar("Item")


async def hand_over(
    work: AsyncGenerator[Item],
    *,
    patience: Callable[[], float],
    pause_after: float,
    pause: Callable[[], None],
    resume: Callable[[], Awaitable[None]],
) -> AsyncGenerator[Item | None]:
    """Yields what `work` yields, and None whenever that takes too long.

    The work runs in a task of its own, one item ahead at most: a client that reads slowly slows the
    work, and memory does not grow. Closing this generator cancels the task and waits for its end.

    Args:
        work: Where the items come from.
        patience: Gives, for each item, the seconds to wait before None is yielded.
        pause_after: For how many seconds the client may let the work wait before it is paused.
        pause: Is called then.
        resume: Is awaited before the work goes on after a pause.
    """
    # Without a bound of its own, so that the end finds room whatever waits; `room` is the bound.
    queue: asyncio.Queue[Item | asyncio.Task[None]] = asyncio.Queue()
    room = asyncio.Semaphore(1)

    async def wait_for_room() -> None:
        try:
            async with asyncio.timeout(pause_after):
                await room.acquire()
        except TimeoutError:
            pause()
            await room.acquire()
            await resume()

    async def feed() -> None:
        async with aclosing(work):
            async for item in work:
                await wait_for_room()
                queue.put_nowait(item)

    feeder = asyncio.create_task(feed())
    feeder.add_done_callback(queue.put_nowait)
    try:
        while True:
            try:
                async with asyncio.timeout(patience()):
                    item = await queue.get()
            except TimeoutError:
                yield None
                continue
            if item is feeder:
                break
            room.release()
            yield item  # type: ignore[misc]
        feeder.result()
    finally:
        feeder.cancel()
        await asyncio.gather(feeder, return_exceptions=True)
