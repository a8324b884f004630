"""Deadlines: a call ends at its caller's deadline or at the service's limit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from framecap.api.interceptors.around import Around, Context
from framecap.errors import DeadlineExpired


class DeadlineInterceptor(Around):
    """Stops each call at its deadline, or at the service's limit when that comes first.

    Args:
        limit: The longest duration of a call, in seconds.
    """

    def __init__(self, limit: float) -> None:
        self._limit = limit

    @asynccontextmanager
    async def around(self, method: str, context: Context) -> AsyncIterator[None]:
        """Raises `DeadlineExpired` instead of the call's result when its time is up."""
        left = context.time_remaining()
        limit = self._limit if left is None else min(left, self._limit)
        timeout = asyncio.timeout(limit)
        try:
            async with timeout:
                yield
        except TimeoutError:
            if not timeout.expired():
                raise
            raise DeadlineExpired(
                f"The call took longer than the {limit:.3f} s it was given.",
                metadata={"seconds": f"{limit:.3f}"},
            ) from None
