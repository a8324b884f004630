"""The sweeper: does again and again what time demands of an engine."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from framecap.errors import CaptureError
from framecap.events.status import incident
from framecap.tasks.engine import Swept, TaskEngine

EVERY_SECONDS: Final = 15.0
"""The time between two sweeps. Workers reclaim tasks more often, each time they take one."""

FIRST_SECONDS: Final = 5.0
"""The longest that the block waits for the first sweep."""

logger = logging.getLogger(__name__)


@asynccontextmanager
async def sweeping(engine: TaskEngine, every: float = EVERY_SECONDS) -> AsyncIterator[None]:
    """Sweeps during the block, which begins after the first sweep, or while a long one goes on.

    Args:
        engine: The engine.
        every: The seconds between two sweeps.
    """
    first = asyncio.Event()
    sweeper = asyncio.create_task(_sweep(engine, every, first))
    try:
        # What dead workers held is pending again before the first call; old tasks can wait.
        with suppress(TimeoutError):
            await asyncio.wait_for(first.wait(), FIRST_SECONDS)
        yield
    finally:
        sweeper.cancel()
        await asyncio.gather(sweeper, return_exceptions=True)


async def _sweep(engine: TaskEngine, every: float, first: asyncio.Event) -> None:
    while True:
        try:
            swept = await engine.sweep()
            if swept != Swept():
                facts = {
                    "reclaimed": swept.reclaimed,
                    "expired": swept.expired,
                    "removed": swept.removed,
                }
                logger.info("swept tasks", extra={"facts": facts})
        except CaptureError as error:
            # The next sweep does what this one could not.
            logger.warning("tasks cannot be swept, for now: %s", error.message)
        except Exception as fault:
            incident(fault)
        first.set()
        await asyncio.sleep(every)
