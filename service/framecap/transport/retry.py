"""Retries with exponential back-off."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from framecap.transport.faults import FaultKind, StoreFault, StoreSilent

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Attempts, waits and timeouts of requests to a store."""

    attempts: int = 6
    """The most consecutive failed attempts, the first one included."""

    first_wait: float = 0.1
    """The most seconds before the second attempt; the bound doubles for each later one."""

    longest_wait: float = 5.0
    """The most seconds before any attempt."""

    connect_seconds: float = 5.0
    """The timeout of a connection attempt, in seconds."""

    silent_seconds: float = 15.0
    """The timeout of a read without any byte, in seconds."""


DEFAULT_RETRY_POLICY: Final = RetryPolicy()


class Backoff:
    """Counts the consecutive failures of one operation.

    Args:
        retry_policy: The bounds.
    """

    def __init__(self, retry_policy: RetryPolicy) -> None:
        self._retry_policy = retry_policy
        self._failures = 0

    def succeeded(self) -> None:
        """Resets the count of failures."""
        self._failures = 0

    async def failed(self, fault: StoreFault) -> None:
        """Counts a failure, and waits until the next attempt is due.

        Raises:
            StoreFault: The fault is permanent, or all attempts failed.
        """
        if fault.kind is not FaultKind.PASSING:
            raise fault
        self._failures += 1
        if self._failures >= self._retry_policy.attempts:
            raise StoreSilent(FaultKind.PASSING, fault.detail) from fault
        longest = self._retry_policy.first_wait * 2 ** (self._failures - 1)
        # Jitter, so that the clients of one failed store do not all return at once.
        await asyncio.sleep(random.uniform(0.5, 1) * min(longest, self._retry_policy.longest_wait))


async def persist(work: Callable[[], Awaitable[T]], retry_policy: RetryPolicy) -> T:
    """Repeats `work` after passing faults, and returns its result.

    Raises:
        StoreFault: The fault is permanent, or all attempts failed.
    """
    backoff = Backoff(retry_policy)
    while True:
        try:
            return await work()
        except StoreFault as fault:
            await backoff.failed(fault)
