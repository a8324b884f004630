"""The open watches of a service, which a shutdown ends at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from typing import TypeVar

from framecap.errors import CaptureError
from framecap.revocation import Revocation, ended_by

T = TypeVar("T")


class Watches:
    """Knows the watches that are open, and ends them."""

    def __init__(self) -> None:
        self._open: set[Revocation] = set()
        self._error: CaptureError | None = None

    @property
    def count(self) -> int:
        """The number of open watches."""
        return len(self._open)

    def end(self, error: CaptureError) -> None:
        """Ends all watches with `error`, those to come too."""
        self._error = error
        for revoked in self._open:
            if not revoked.done():
                revoked.set_result(error)

    async def until_ended(self, events: AsyncGenerator[T]) -> AsyncGenerator[T]:
        """Yields what a generator yields, and closes it at the end.

        Raises:
            CaptureError: The watches were ended.
        """
        with self._entered() as revoked:
            async with aclosing(events):
                while not revoked.done():
                    try:
                        with ended_by(revoked):
                            event = await anext(events)
                    except StopAsyncIteration:
                        return
                    yield event
            raise revoked.result()

    @contextmanager
    def _entered(self) -> Iterator[Revocation]:
        revoked: Revocation = asyncio.get_running_loop().create_future()
        if self._error is not None:
            revoked.set_result(self._error)
        self._open.add(revoked)
        try:
            yield revoked
        finally:
            self._open.discard(revoked)
