"""The log of usage records that the service keeps in the engine of its tasks."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from framecap.errors import DataStoreUnavailable
from framecap.model.usage import UsageRecord
from framecap.tasks.engine import TaskEngine

RECORD_SECONDS: Final = 8.0
"""The longest time that a record takes; the capture fails after it.

It is less than the time in which cancelled calls clean up at a shutdown.
"""

PAUSE_SECONDS: Final = 0.5
"""The wait between two attempts to write a record."""

REFUSE_SECONDS: Final = 1.0
"""The time after a record that could not be written in which captures are refused."""


class EngineUsageLog:
    """Keeps the usage records of direct captures in an engine.

    After a record that could not be written, captures are refused for a moment, so that no work is
    wasted; the next one after it finds out whether records can be written again.

    Args:
        engine: Keeps the records.
        record_seconds: The longest time that a record takes.
    """

    def __init__(self, engine: TaskEngine, record_seconds: float = RECORD_SECONDS) -> None:
        self._engine = engine
        self._record_seconds = record_seconds
        self._failure: DataStoreUnavailable | None = None
        self._refuse_until = 0.0

    def check(self) -> None:
        """Returns if records can be written, as far as is known.

        Raises:
            DataStoreUnavailable: The last one could not be written, a moment ago.
        """
        if self._failure is not None and time.monotonic() < self._refuse_until:
            raise _again(self._failure)

    async def record(self, record: UsageRecord) -> None:
        """Writes a record; it is durable when this returns.

        Raises:
            DataStoreUnavailable: It could not be written in time.
        """
        try:
            await self._persist(record)
            self._failure = None
        except DataStoreUnavailable as error:
            self._failure = error
            self._refuse_until = time.monotonic() + REFUSE_SECONDS
            raise

    async def _persist(self, record: UsageRecord) -> None:
        give_up = time.monotonic() + self._record_seconds
        while True:
            try:
                async with asyncio.timeout(max(0, give_up - time.monotonic())):
                    await self._engine.record_usage(record)
                return
            except TimeoutError as error:
                cause = "it did not answer in time"
                raise DataStoreUnavailable(
                    f"the store of the tasks is not available: {cause}",
                    metadata={"cause": cause},
                    retry_after_ms=round(REFUSE_SECONDS * 1000),
                ) from error
            except DataStoreUnavailable:
                if time.monotonic() + PAUSE_SECONDS > give_up:
                    raise
            await asyncio.sleep(PAUSE_SECONDS)


def _again(error: DataStoreUnavailable) -> DataStoreUnavailable:
    """Returns an error that says the same, for another capture."""
    return DataStoreUnavailable(
        str(error), metadata=error.metadata, retry_after_ms=error.retry_after_ms
    )
