"""Waits for the end of processes by their pidfds, whether or not the waiter is cancelled."""

from __future__ import annotations

import asyncio
from typing import Any, Final

KILL_GRACE: Final = 10.0
"""Seconds to wait for a killed process. Only a process stuck in the kernel takes that long."""


async def gone(pidfd: int, grace: float = KILL_GRACE) -> bool:
    """Returns once the process has ended; False when it has not within `grace` seconds.

    A cancellation takes effect only after the wait, so that the caller's cleanup may rely on it.
    """
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()
    loop.add_reader(pidfd, _resolve, ended)
    try:
        return await settled(ended, grace)
    finally:
        loop.remove_reader(pidfd)


async def settled(future: asyncio.Future[Any], grace: float) -> bool:
    """Returns True once the future is done; False when it is not within `grace` seconds.

    A cancellation takes effect only after the wait.
    """
    loop = asyncio.get_running_loop()
    give_up = loop.time() + grace
    interruption: asyncio.CancelledError | None = None
    while not future.done() and (left := give_up - loop.time()) > 0:
        try:
            await asyncio.wait((future,), timeout=left)
        except asyncio.CancelledError as error:
            interruption = error
    if interruption is not None:
        raise interruption
    return future.done()


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
