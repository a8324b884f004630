"""The embedded engine: tasks in one SQLite file, which any number of processes share."""

from __future__ import annotations

import asyncio
import sqlite3
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final
from weakref import WeakValueDictionary

from framecap.errors import RequestIdReused, TaskNotEnded
from framecap.events.stream import EventStream
from framecap.model.usage import UsageRecord
from framecap.tasks.embedded import lists, rows, sweeping, usage
from framecap.tasks.embedded.database import Database
from framecap.tasks.embedded.lease import EmbeddedLease, Surroundings
from framecap.tasks.embedded.rows import Row
from framecap.tasks.embedded.transitions import cancelled
from framecap.tasks.embedded.usage_writes import UsageWrites
from framecap.tasks.embedded.wakes import WORK, Wakes
from framecap.tasks.embedded.writes import NO_FAULTS, DurableWrite, FaultPoints
from framecap.tasks.engine import (
    DEFAULTS,
    SHARDS,
    EngineSettings,
    Envelope,
    Lease,
    Submitted,
    Swept,
    lease_clock,
)
from framecap.tasks.task import (
    ALL,
    ALL_USAGE,
    DEFAULT_PAGE_SIZE,
    DEFAULT_USAGE_PAGE_SIZE,
    NewTask,
    Notification,
    Page,
    Task,
    TaskFilter,
    TaskState,
    UsageFilter,
    UsagePage,
)
from framecap.tasks.uuid7 import Uuid7, created, task_id
from framecap.timebase import Nanoseconds
from framecap.v1.event_pb2 import CaptureEvent

READY: Final = """SELECT task_id FROM tasks INDEXED BY tasks_ready
    WHERE state = 1 AND shard = ? AND ready_time <= ? ORDER BY ready_time, task_id LIMIT 1"""
"""The next task of a shard."""


class EmbeddedEngine:
    """A `TaskEngine` on one SQLite file. Opens it on first use.

    Leases end by the wall clock, which the processes on one machine share. A clock that is moved
    can end one early; its holder is fenced then, and the task is attempted again.

    Args:
        path: The file; it and its directory are created if they are missing.
        envelope: Makes the body of a notification.
        settings: The durations.
        faults: Is called around durable writes.
        clock: The wall clock, in nanoseconds since 1970.
        holder_clock: The clock by which holders stop.
    """

    def __init__(
        self,
        path: Path,
        *,
        envelope: Envelope,
        settings: EngineSettings = DEFAULTS,
        faults: FaultPoints = NO_FAULTS,
        clock: Callable[[], Nanoseconds] = time.time_ns,
        holder_clock: Callable[[], Nanoseconds] = lease_clock,
    ) -> None:
        self.database: Final = Database(path, faults)
        self._usage_writes = UsageWrites(self.database)
        self._wakes = Wakes(self.database.change_count)
        self._around = Surroundings(
            database=self.database,
            wakes=self._wakes,
            settings=settings,
            envelope=envelope,
            clock=clock,
            lease_clock=holder_clock,
        )
        self._settings = settings
        self._clock = clock
        self._new_uuid = Uuid7(clock)
        self._next_shard = 0
        self._leases: WeakValueDictionary[str, EmbeddedLease] = WeakValueDictionary()

    async def submit(self, new: NewTask) -> Submitted:
        """Creates a task; see `TaskEngine.submit`."""
        submitted = await self.database.write(
            DurableWrite.SUBMIT, lambda connection: self._submit(connection, new)
        )
        self._wakes.wake(WORK)
        return submitted

    async def first_of(self, new: NewTask) -> Task | None:
        """Returns the task of a request id; see `TaskEngine.first_of`."""
        if not new.request_id:
            return None
        return await self.database.read(lambda connection: self._first(connection, new))

    async def get(self, principal: str, task_id: str) -> Task:
        """Returns a task; see `TaskEngine.get`."""
        row = await self.database.read(
            lambda connection: rows.find_own(connection, principal, task_id)
        )
        return row.task

    async def list(
        self,
        principal: str,
        chosen: TaskFilter = ALL,
        *,
        page_size: int = DEFAULT_PAGE_SIZE,
        page_token: str = "",
    ) -> Page:
        """Returns a page of tasks; see `TaskEngine.list`."""
        return await self.database.read(
            lambda connection: lists.page(connection, principal, chosen, page_size, page_token)
        )

    async def request_cancel(self, principal: str, task_id: str) -> Task:
        """Cancels a task; see `TaskEngine.request_cancel`."""

        def cancel(connection: sqlite3.Connection) -> Task:
            row = rows.find_own(connection, principal, task_id)
            if row.task.state == TaskState.PENDING:
                transitions = self._around.transitions(connection)
                return transitions.end_with(row, cancelled(row.task))
            if row.task.state == TaskState.RUNNING:
                rows.change(connection, task_id, cancel_requested=True)
            return rows.find_own(connection, principal, task_id).task

        task = await self.database.write(DurableWrite.CANCEL, cancel)
        lease = self._leases.get(task_id)
        if task.cancel_requested and lease is not None:
            lease.cancel_requested.set()
        self._wakes.wake(task_id)
        return task

    async def delete(self, principal: str, task_id: str) -> None:
        """Removes an ended task; see `TaskEngine.delete`."""

        def remove(connection: sqlite3.Connection) -> None:
            task = rows.find_own(connection, principal, task_id).task
            if not task.state.ended:
                raise TaskNotEnded(
                    f"the task {task_id} has not ended; cancel it first",
                    metadata={"task": task_id, "state": task.state.name},
                )
            sweeping.remove_task(connection, task_id)

        await self.database.write(DurableWrite.DELETE, remove)
        self._wakes.wake(task_id)

    async def events(
        self, principal: str, task_id: str, after_sequence: int = 0, *, limit: int = 100
    ) -> Sequence[CaptureEvent]:
        """Returns events of record; see `TaskEngine.events`."""

        def read(connection: sqlite3.Connection) -> Sequence[CaptureEvent]:
            rows.find_own(connection, principal, task_id)
            found = connection.execute(
                "SELECT event FROM events WHERE task_id = ? AND sequence > ?"
                " ORDER BY sequence LIMIT ?",
                (task_id, after_sequence, limit),
            )
            return [CaptureEvent.FromString(event) for (event,) in found]

        return await self.database.read(read)

    async def wait_for_events(self, task_id: str, after_sequence: int) -> None:
        """Waits for more of a log; see `TaskEngine.wait_for_events`."""

        def changed(connection: sqlite3.Connection) -> bool:
            row = rows.find(connection, task_id)
            return row is None or row.sequence > after_sequence

        await self._wakes.wait(task_id, lambda: self.database.read(changed))

    async def take(self) -> Lease | None:
        """Takes a pending task; see `TaskEngine.take`."""
        await sweeping.settle(self._around)
        if not await self.database.read(self._has_ready):
            return None
        until = self._around.lease_clock() + self._settings.lease
        taking = asyncio.ensure_future(self.database.write(DurableWrite.TAKE, self._take))
        try:
            row = await asyncio.shield(taking)
        except asyncio.CancelledError:
            # The transaction goes on; what it takes would be believed to have a holder.
            if (row := await taking) is not None:
                await EmbeddedLease(self._around, row, until).hand_back()
            raise
        if row is None:
            return None
        self._wakes.wake(row.task.task_id)
        lease = self._leases[row.task.task_id] = EmbeddedLease(self._around, row, until)
        return lease

    async def wait_for_work(self) -> None:
        """Waits for pending tasks; see `TaskEngine.wait_for_work`."""
        await self._wakes.wait(WORK, lambda: self.database.read(self._has_ready))

    async def sweep(self) -> Swept:
        """Does what time demands; see `TaskEngine.sweep`."""
        settled = await sweeping.settle(self._around)
        removed = await sweeping.remove_old(self._around)
        return Swept(reclaimed=settled.reclaimed, expired=settled.expired, removed=removed)

    async def take_notification(self) -> Notification | None:
        """Takes a notification that is due; see `TaskEngine.take_notification`."""
        now = self._clock()

        def take(connection: sqlite3.Connection) -> Notification | None:
            found = connection.execute(
                "UPDATE notifications SET due_time = ?, delivery = delivery + 1 WHERE event_id ="
                " (SELECT event_id FROM notifications WHERE due_time <= ?"
                " ORDER BY due_time LIMIT 1) RETURNING event_id, topic, body, delivery",
                (now + self._settings.notification, now),
            ).fetchone()
            if found is None:
                return None
            event_id, topic, body, delivery = found
            return Notification(event_id=event_id, topic=topic, body=body, delivery=delivery)

        return await self.database.note(take)

    async def notified(self, notification: Notification) -> None:
        """Removes a notification; see `TaskEngine.notified`."""
        await self.database.write(
            DurableWrite.NOTIFICATION_DELIVERED,
            lambda connection: (
                connection.execute(
                    "DELETE FROM notifications WHERE event_id = ?", (notification.event_id,)
                ).rowcount
            ),
        )

    async def notify_later(self, notification: Notification, delay: Nanoseconds) -> None:
        """Makes a notification due later; see `TaskEngine.notify_later`."""
        await self.database.note(
            lambda connection: (
                connection.execute(
                    "UPDATE notifications SET due_time = ? WHERE event_id = ?",
                    (self._clock() + delay, notification.event_id),
                ).rowcount
            )
        )

    async def undelivered_count(self) -> int:
        """Returns the number of notifications; see `TaskEngine.undelivered_count`."""
        return await self.database.read(
            lambda connection: int(
                connection.execute("SELECT count(*) FROM notifications").fetchone()[0]
            )
        )

    async def record_usage(self, record: UsageRecord) -> None:
        """Records the usage of a direct capture; see `TaskEngine.record_usage`."""
        await self._usage_writes.add(record)

    async def usage(
        self,
        principal: str | None,
        chosen: UsageFilter = ALL_USAGE,
        *,
        page_size: int = DEFAULT_USAGE_PAGE_SIZE,
        page_token: str = "",
    ) -> UsagePage:
        """Returns a page of usage records; see `TaskEngine.usage`."""
        return await self.database.read(
            lambda connection: usage.page(connection, principal, chosen, page_size, page_token)
        )

    async def close(self) -> None:
        """Closes the file; see `TaskEngine.close`."""
        await self._wakes.close()
        await self._usage_writes.close()
        await self.database.close()

    def _submit(self, connection: sqlite3.Connection, new: NewTask) -> Submitted:
        first = self._first(connection, new) if new.request_id else None
        if first is not None:
            return Submitted(first, created=False)
        number = self._new_uuid()
        own_id, now = task_id(number), created(number)
        rows.insert(connection, new, task_id=own_id, event_id=str(uuid.uuid4()), create_time=now)
        event = EventStream(self._clock).wrap(new.accepted)
        rows.add_events(connection, own_id, [event])
        if new.request_id:
            connection.execute(
                "INSERT OR REPLACE INTO request_ids VALUES (?, ?, ?, ?, ?)",
                (
                    new.principal,
                    new.request_id,
                    new.fingerprint(),
                    own_id,
                    now + self._settings.request_id,
                ),
            )
        return Submitted(rows.find_own(connection, new.principal, own_id).task, created=True)

    def _first(self, connection: sqlite3.Connection, new: NewTask) -> Task | None:
        """Returns the task that a request id stands for; None where it stands for none."""
        known = connection.execute(
            "SELECT fingerprint, task_id FROM request_ids"
            " WHERE principal = ? AND request_id = ? AND lapse_time > ?",
            (new.principal, new.request_id, self._clock()),
        ).fetchone()
        if known is None:
            return None
        fingerprint, first = known
        if fingerprint != new.fingerprint():
            raise RequestIdReused(
                f"the request id {new.request_id} was used for another request",
                metadata={"request_id": new.request_id},
            )
        return rows.find_own(connection, new.principal, first).task

    def _has_ready(self, connection: sqlite3.Connection) -> bool:
        now = self._clock()
        return any(connection.execute(READY, (shard, now)).fetchone() for shard in range(SHARDS))

    def _take(self, connection: sqlite3.Connection) -> Row | None:
        """Takes the next task; the shards are served in turn."""
        now = self._clock()
        for turn in range(SHARDS):
            shard = (self._next_shard + turn) % SHARDS
            found = connection.execute(READY, (shard, now)).fetchone()
            if found is None:
                continue
            self._next_shard = shard + 1
            row = rows.find(connection, found[0])
            assert row is not None
            until = now + self._settings.lease
            return self._around.transitions(connection).begin_attempt(row, uuid.uuid4().hex, until)
        return None
