"""The confirmation of a lease while its task is worked on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from framecap.errors import DataStoreUnavailable
from framecap.events.status import incident
from framecap.tasks.engine import Fenced, Lease, lease_clock
from framecap.timebase import NANOSECONDS_PER_SECOND

PARTS: Final = 3
"""A lease is confirmed this many times in its duration."""

AGAIN_SECONDS: Final = 1.0
"""The time after which a confirmation that failed is tried again."""


@asynccontextmanager
async def confirmed(lease: Lease, *, lost: Callable[[], None]) -> AsyncIterator[None]:
    """Confirms a lease again and again during the block.

    Args:
        lease: The lease.
        lost: Is called once it is no longer held; all work must stop then.
    """
    task = asyncio.create_task(_confirm(lease, lost))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _confirm(lease: Lease, lost: Callable[[], None]) -> None:
    pause = seconds_left(lease) / PARTS
    while lease.held:
        # The process may have been stopped meanwhile: `held` is asked after each wait.
        await asyncio.sleep(min(pause, seconds_left(lease)))
        while lease.held:
            try:
                async with asyncio.timeout(seconds_left(lease)):
                    await lease.confirm()
                break
            except (DataStoreUnavailable, TimeoutError):
                await asyncio.sleep(min(AGAIN_SECONDS, pause, seconds_left(lease)))
            except Fenced:
                break
            except Exception as fault:
                incident(fault)
                await asyncio.sleep(min(AGAIN_SECONDS, pause, seconds_left(lease)))
    lost()


def seconds_left(lease: Lease) -> float:
    """Returns the seconds for which the lease is surely held."""
    return max(0, lease.confirmed_until - lease_clock()) / NANOSECONDS_PER_SECOND
