"""Repeats of calls that are safe to repeat."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from grpc import aio

from framecap.client.failure import CallFailed, failure_of

T = TypeVar("T")

MAX_TRIES: Final = 6
FIRST_SECONDS: Final = 0.2
LONGEST_SECONDS: Final = 10.0


class Pauses:
    """The pauses between the tries of one call: longer each time, and never in step."""

    def __init__(self) -> None:
        self._failures = 0

    def reset(self) -> None:
        """Begins anew after a success."""
        self._failures = 0

    async def after(self, failure: CallFailed) -> None:
        """Returns after a pause.

        Raises:
            CallFailed: The call failed for good, or too often in a row.
        """
        self._failures += 1
        if not failure.may_pass or self._failures >= MAX_TRIES:
            raise failure
        backoff = min(LONGEST_SECONDS, FIRST_SECONDS * 2 ** (self._failures - 1))
        await asyncio.sleep(max(failure.retry_after or 0, backoff) * random.uniform(1, 1.2))


async def repeated(call: Callable[[], Awaitable[T]]) -> T:
    """Returns the answer of a call, which is repeated while its failure may pass.

    Raises:
        CallFailed: It failed for good, or too often.
    """
    pauses = Pauses()
    while True:
        try:
            return await call()
        except aio.AioRpcError as error:
            failure = failure_of(error)
        await pauses.after(failure)
