"""Trying again, later each time."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from framecap.storage.faults import FaultKind, StoreFault, StoreSilent

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often, and how late, a request to a store is made again."""

    attempts: int = 6
    """Attempts in a row without any success, the first one included."""

    first_wait: float = 0.1
    """Seconds before the second attempt, at most; twice as many before each next one."""

    longest_wait: float = 5.0
    """Seconds before any attempt, at most."""

    connect_seconds: float = 5.0
    """How long a connection may take."""

    silent_seconds: float = 15.0
    """How long a store may send nothing."""


DEFAULT_RETRY_POLICY: Final = RetryPolicy()


class Backoff:
    """Counts the failures in a row of one piece of work.

    Args:
        retry_policy: The bounds.
    """

    def __init__(self, retry_policy: RetryPolicy) -> None:
        self._retry_policy = retry_policy
        self._failures = 0

    def succeeded(self) -> None:
        """Notes a success: failures are counted anew."""
        self._failures = 0

    async def failed(self, fault: StoreFault) -> None:
        """Returns when to try again.

        Raises:
            StoreFault: Trying again would not help, or was tried often enough.
        """
        if fault.kind is not FaultKind.PASSING:
            raise fault
        self._failures += 1
        if self._failures >= self._retry_policy.attempts:
            raise StoreSilent(FaultKind.PASSING, fault.detail) from fault
        longest = self._retry_policy.first_wait * 2 ** (self._failures - 1)
        # At random, so that those whom one store sent away do not all come back at once.
        await asyncio.sleep(random.uniform(0.5, 1) * min(longest, self._retry_policy.longest_wait))


async def persist(work: Callable[[], Awaitable[T]], retry_policy: RetryPolicy) -> T:
    """Returns what `work` returns, which is done again while it fails for passing reasons.

    Raises:
        StoreFault: It fails for good.
    """
    backoff = Backoff(retry_policy)
    while True:
        try:
            return await work()
        except StoreFault as fault:
            await backoff.failed(fault)
