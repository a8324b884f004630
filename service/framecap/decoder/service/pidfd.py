"""Waits for the end of processes by their pidfds."""

from __future__ import annotations

import asyncio
from typing import Final

KILL_GRACE: Final = 10.0
"""Seconds to wait for a killed process. Only a process stuck in the kernel takes that long."""


async def gone(pidfd: int, grace: float = KILL_GRACE) -> bool:
    """Returns once the process has ended; False when it has not within `grace` seconds.

    A cancellation takes effect only after the wait, so that the caller's cleanup may rely on it.
    """
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[bool] = loop.create_future()
    interruption: asyncio.CancelledError | None = None
    loop.add_reader(pidfd, _resolve, ended, True)
    timer = loop.call_later(grace, _resolve, ended, False)
    try:
        while not ended.done():
            try:
                await asyncio.shield(ended)
            except asyncio.CancelledError as error:
                interruption = error
    finally:
        loop.remove_reader(pidfd)
        timer.cancel()
    if interruption is not None:
        raise interruption
    return ended.result()


def _resolve(future: asyncio.Future[bool], value: bool) -> None:
    if not future.done():
        future.set_result(value)
