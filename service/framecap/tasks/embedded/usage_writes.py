"""Writes usage records, those that arrive together in one transaction."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from framecap.errors import DataStoreUnavailable
from framecap.model.usage import UsageRecord
from framecap.tasks.embedded import usage
from framecap.tasks.embedded.database import RETRY_MS, Database
from framecap.tasks.embedded.writes import DurableWrite

MAX_WAITING: Final = 10_000
"""The most records that wait for the disk."""

BATCH: Final = 500
"""The most records of one transaction, so that no other writer waits long."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A record that is not written yet."""

    record: UsageRecord
    written: asyncio.Future[None]


class UsageWrites:
    """Writes usage records durably. Close it.

    A transaction takes as long as the disk needs, however many records are in it. So the records
    that arrive while one is on its way share the next one.

    Args:
        database: The database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: deque[_Waiting] = deque()
        self._writing: asyncio.Task[None] | None = None

    async def add(self, record: UsageRecord) -> None:
        """Writes a record; it is on the disk when this returns.

        A record whose writer is cancelled is written all the same.

        Raises:
            DataStoreUnavailable: It was not written.
        """
        if len(self._waiting) >= MAX_WAITING:
            cause = "it is busy"
            raise DataStoreUnavailable(
                f"the store of the tasks is not available: {cause}",
                metadata={"cause": cause},
                retry_after_ms=RETRY_MS,
            )
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(record, written))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_all())
        await written

    async def close(self) -> None:
        """Returns once all records are written, or could not be."""
        if self._writing is not None:
            await asyncio.shield(self._writing)

    async def _write_all(self) -> None:
        try:
            while self._waiting:
                count = min(len(self._waiting), BATCH)
                batch = [self._waiting.popleft() for _ in range(count)]
                await self._write(batch)
        finally:
            self._writing = None

    async def _write(self, batch: Sequence[_Waiting]) -> None:
        def write(connection: sqlite3.Connection) -> None:
            for waiting in batch:
                usage.add(connection, waiting.record)

        failure: Exception | None = None
        try:
            await self._database.write(DurableWrite.RECORD_USAGE, write)
        except Exception as error:
            failure = error
        for waiting in batch:
            if waiting.written.done():
                continue
            if failure is None:
                waiting.written.set_result(None)
            else:
                waiting.written.set_exception(failure)
