"""The events of an attempt on their way to the log: in batches, each durable before the next."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Final, TypeVar

from framecap.errors import DataStoreUnavailable
from framecap.tasks.engine import Lease, LeaseLost
from framecap.v1.event_pb2 import CaptureEvent

T = TypeVar("T")

MAX_BATCH: Final = 64
"""The most events of one write."""

DELAY_SECONDS: Final = 0.2
"""The longest that an event waits for others. A short capture is so written with its end."""

AGAIN_SECONDS: Final = 1.0
"""The time after which a write that failed is tried again."""


async def logged(lease: Lease, events: AsyncGenerator[CaptureEvent]) -> list[CaptureEvent]:
    """Writes the events of an attempt to the log as they come, and the progress between them.

    Returns:
        The last events, not yet written; the very last is `finished`.

    Raises:
        Fenced: The lease is lost.
        CaptureError: The events ended without `finished`.
    """
    batch: list[CaptureEvent] = []
    loop = asyncio.get_running_loop()
    due = 0.0
    coming: asyncio.Task[CaptureEvent] | None = None
    try:
        while True:
            coming = coming or asyncio.create_task(_next(events))
            await asyncio.wait((coming,), timeout=max(0.0, due - loop.time()) if batch else None)
            if coming.done():
                event, coming = coming.result(), None
                if event.HasField("finished"):
                    return [*batch, event]
                if event.HasField("progress"):
                    await _note_progress(lease, event)
                else:
                    due = due if batch else loop.time() + DELAY_SECONDS
                    batch.append(event)
            if len(batch) >= MAX_BATCH or (batch and loop.time() >= due):
                written, batch = batch, []
                await persisted(lease, lambda events=written: lease.append(events))  # type: ignore[misc]
    finally:
        if coming is not None:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)


async def persisted(lease: Lease, write: Callable[[], Awaitable[T]]) -> T:
    """Returns the result of a write, which is repeated while the store cannot take it.

    Raises:
        Fenced: The lease is lost.
    """
    while True:
        try:
            return await write()
        except DataStoreUnavailable:
            await asyncio.sleep(AGAIN_SECONDS)
        if not lease.held:
            raise LeaseLost(f"{lease.task.task_id} could not be written in time")


async def _note_progress(lease: Lease, event: CaptureEvent) -> None:
    try:
        await lease.progress(event.progress)
    except DataStoreUnavailable:
        # Only this progress is lost.
        return


async def _next(events: AsyncGenerator[CaptureEvent]) -> CaptureEvent:
    return await anext(events)
