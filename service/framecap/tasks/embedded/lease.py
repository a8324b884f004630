"""The right to work on one task of the database."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from framecap.errors import CaptureError
from framecap.model.usage import NO_USAGE, Usage
from framecap.tasks.embedded import rows
from framecap.tasks.embedded.database import Database
from framecap.tasks.embedded.rows import Row
from framecap.tasks.embedded.transitions import Transitions
from framecap.tasks.embedded.wakes import WORK, Wakes
from framecap.tasks.embedded.writes import DurableWrite
from framecap.tasks.ends import finished_of
from framecap.tasks.engine import EngineSettings, Envelope, Fenced, LeaseLost, lease_clock
from framecap.tasks.retry_policy import MAX_ATTEMPTS, backoff
from framecap.tasks.task import Ending, Task
from framecap.timebase import Nanoseconds
from framecap.v1.event_pb2 import CaptureEvent, CaptureProgress

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What leases share with their engine."""

    database: Database
    """The store."""

    wakes: Wakes
    """Wakes those who wait."""

    settings: EngineSettings
    """The durations."""

    envelope: Envelope
    """Makes the body of a notification."""

    clock: Callable[[], Nanoseconds] = time.time_ns
    """The wall clock, which the processes on one file share."""

    lease_clock: Callable[[], Nanoseconds] = lease_clock
    """The clock by which a holder stops."""

    def transitions(self, connection: sqlite3.Connection) -> Transitions:
        """Returns the changes of states in a transaction that writes."""
        return Transitions(connection, self.clock(), self.envelope)


class EmbeddedLease:
    """A `Lease`. The database knows its writer, which any other replaces.

    Args:
        around: What the leases of an engine share.
        row: The task as it was taken.
        confirmed_until: The end of the lease by the lease clock.
    """

    def __init__(self, around: Surroundings, row: Row, confirmed_until: Nanoseconds) -> None:
        self._around = around
        self._task: Final = row.task
        self._work: Final = row.work
        self._writer: Final = row.writer
        # Changed on the writer's thread only, after each commit.
        self._sequence = row.sequence
        self._confirmed_until = confirmed_until
        self._over = False
        self._cancel_requested = asyncio.Event()

    @property
    def task(self) -> Task:
        """The task as it was when it was taken."""
        return self._task

    @property
    def work(self) -> bytes:
        """The request for the worker."""
        return self._work

    @property
    def sequence(self) -> int:
        """The number of the last event in the log."""
        return self._sequence

    @property
    def cancel_requested(self) -> asyncio.Event:
        """Set once the task's owner asked for the cancellation."""
        return self._cancel_requested

    @property
    def confirmed_until(self) -> Nanoseconds:
        """The time, by the lease clock, until which the task is surely not another's."""
        return self._confirmed_until

    @property
    def held(self) -> bool:
        """True while the lease is confirmed and the attempt has not ended."""
        return not self._over and self._around.lease_clock() < self._confirmed_until

    async def confirm(self) -> None:
        """Extends the lease; see `Lease.confirm`."""
        self._check()
        until = self._around.lease_clock() + self._around.settings.lease

        def extend(connection: sqlite3.Connection) -> bool:
            row = self._own(connection)
            wall = self._around.clock() + self._around.settings.lease
            rows.change(connection, row.task.task_id, lease_until=wall)
            return row.task.cancel_requested

        if await self._unless_fenced(self._around.database.note(extend)):
            self._cancel_requested.set()
        self._confirmed_until = until

    async def append(self, events: Sequence[CaptureEvent]) -> None:
        """Writes events of record; see `Lease.append`."""
        self._check()
        self._check_numbers(events)
        if not events:
            return

        def add(connection: sqlite3.Connection) -> None:
            row = self._own(connection)
            rows.add_events(connection, row.task.task_id, events)
            rows.change(connection, row.task.task_id, sequence=events[-1].sequence)

        await self._unless_fenced(self._written(DurableWrite.APPEND, add, events[-1].sequence))
        self._around.wakes.wake(self._task.task_id)

    async def progress(self, report: CaptureProgress) -> None:
        """Keeps the latest progress; see `Lease.progress`."""
        self._check()

        def keep(connection: sqlite3.Connection) -> None:
            rows.change(
                connection,
                self._own(connection).task.task_id,
                progress=report.SerializeToString(),
                image_count=report.captured_count,
            )

        await self._unless_fenced(self._around.database.note(keep))

    async def finish(self, ending: Ending) -> Task:
        """Ends the task; see `Lease.finish`."""
        self._check()
        finished_of(ending.events)
        self._check_numbers(ending.events)

        def end(connection: sqlite3.Connection) -> Task:
            row = self._own(connection)
            usage = row.task.usage + ending.usage
            task = replace(row.task, image_count=ending.image_count, usage=usage)
            transitions = self._around.transitions(connection)
            return transitions.end(replace(row, task=task), ending.events)

        return await self._leave(DurableWrite.FINISH, end)

    async def hand_back(self, usage: Usage = NO_USAGE) -> Task:
        """Makes the task pending; see `Lease.hand_back`."""
        self._check()

        def give(connection: sqlite3.Connection) -> Task:
            row = _with_usage(self._own(connection), usage)
            # It has waited once: it stands before those that came after it.
            return self._around.transitions(connection).make_pending(
                row, row.task.create_time, counted=False
            )

        return await self._leave(DurableWrite.HAND_BACK, give)

    async def retry_later(self, error: CaptureError, usage: Usage = NO_USAGE) -> Task:
        """Makes the task pending after a backoff; see `Lease.retry_later`."""
        self._check()

        def give(connection: sqlite3.Connection) -> Task:
            row = _with_usage(self._own(connection), usage)
            transitions = self._around.transitions(connection)
            if row.task.attempt >= MAX_ATTEMPTS and not row.task.cancel_requested:
                return transitions.end_with(row, error)
            delay = backoff(row.task.attempt, error.retry_after_ms)
            return transitions.make_pending(row, transitions.now + delay)

        return await self._leave(DurableWrite.RETRY_LATER, give)

    async def _leave(self, write: DurableWrite, work: Callable[[sqlite3.Connection], Task]) -> Task:
        """Does the write that ends the attempt."""
        task = await self._unless_fenced(self._written(write, work, None))
        self._around.wakes.wake(self._task.task_id)
        self._around.wakes.wake(WORK)
        return task

    async def _written(
        self, write: DurableWrite, work: Callable[[sqlite3.Connection], T], sequence: int | None
    ) -> T:
        """Does a durable write, after which the log ends at `sequence`, or the attempt for None."""

        def committed() -> None:
            if sequence is None:
                self._over = True
            else:
                self._sequence = sequence

        return await self._around.database.write(write, work, committed)

    async def _unless_fenced(self, writing: Awaitable[T]) -> T:
        """Waits for a write; one that is fenced ends the lease."""
        try:
            return await writing
        except Fenced:
            self._over = True
            raise

    def _own(self, connection: sqlite3.Connection) -> Row:
        """Returns the task's row, in the transaction that will change it.

        Raises:
            Fenced: The task is another's by now.
        """
        row = rows.find(connection, self._task.task_id)
        if row is None or (row.writer, row.sequence) != (self._writer, self._sequence):
            raise Fenced(f"{self._task.task_id} is another's")
        return row

    def _check(self) -> None:
        if self._over:
            raise Fenced(f"the attempt at {self._task.task_id} is over")
        if not self.held:
            raise LeaseLost(f"the lease of {self._task.task_id} was not confirmed in time")

    def _check_numbers(self, events: Sequence[CaptureEvent]) -> None:
        for number, event in enumerate(events, self._sequence + 1):
            if event.sequence != number:
                raise ValueError(f"event {event.sequence} where {number} follows")


def _with_usage(row: Row, usage: Usage) -> Row:
    """Returns a row whose usage has that of one more attempt."""
    return replace(row, task=replace(row.task, usage=row.task.usage + usage))
