"""Calls in flight, counted so that shutdown can wait for their end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext

from framecap.api.interceptors.around import Around, Context


class InFlightInterceptor(Around):
    """Counts the calls in flight.

    Args:
        waiting: The methods that wait for work and do none.
    """

    def __init__(self, waiting: Collection[str] = ()) -> None:
        self._waiting = frozenset(waiting)
        self._all = _Counter()
        self._working = _Counter()

    async def idle(self) -> None:
        """Returns once no call is in flight that works."""
        await self._working.none.wait()

    async def none(self) -> None:
        """Returns once no call is in flight."""
        await self._all.none.wait()

    @asynccontextmanager
    async def around(self, method: str, context: Context) -> AsyncIterator[None]:
        """Counts the call while it lasts."""
        with self._all.one(), nullcontext() if method in self._waiting else self._working.one():
            yield


class _Counter:
    """Counts blocks that run."""

    def __init__(self) -> None:
        self._count = 0
        self.none = asyncio.Event()
        """Set while there is none."""
        self.none.set()

    @contextmanager
    def one(self) -> Iterator[None]:
        """Counts the block while it runs."""
        self._count += 1
        self.none.clear()
        try:
            yield
        finally:
            self._count -= 1
            if self._count == 0:
                self.none.set()
