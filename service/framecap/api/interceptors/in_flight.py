"""Calls under way, for whoever must wait for their end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from framecap.api.interceptors.around import Around, Context


class InFlightInterceptor(Around):
    """Knows how many calls are under way."""

    def __init__(self) -> None:
        self._count = 0
        self._none = asyncio.Event()
        self._none.set()

    async def none(self) -> None:
        """Returns once no call is under way."""
        await self._none.wait()

    @asynccontextmanager
    async def around(self, method: str, context: Context) -> AsyncIterator[None]:
        """Counts the call while it lasts."""
        self._count += 1
        self._none.clear()
        try:
            yield
        finally:
            self._count -= 1
            if self._count == 0:
                self._none.set()
