"""The changes of a task's state, each inside a transaction of its caller."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace

from framecap.errors import Cancelled, CaptureError, WorkerLost
from framecap.events.messages import finished as finished_payload
from framecap.events.stream import EventStream
from framecap.tasks.embedded import rows, usage
from framecap.tasks.embedded.rows import Row
from framecap.tasks.ends import finished_of, state_of, usage_record
from framecap.tasks.engine import Envelope
from framecap.tasks.retry_policy import MAX_ATTEMPTS
from framecap.tasks.task import Task, TaskState
from framecap.timebase import Nanoseconds
from framecap.v1 import event_pb2
from framecap.v1.event_pb2 import CaptureEvent


@dataclass(frozen=True, slots=True)
class Transitions:
    """Changes states at one moment."""

    connection: sqlite3.Connection
    """The connection, in a transaction that writes."""

    now: Nanoseconds
    """The time of the change."""

    envelope: Envelope
    """Makes the body of a notification."""

    def begin_attempt(self, row: Row, writer: str, lease_until: Nanoseconds) -> Row:
        """Gives a pending task to a writer, and begins the next attempt."""
        task = row.task
        started = event_pb2.AttemptStarted(attempt=task.attempt + 1)
        event = EventStream.resumed(row.sequence, lambda: self.now).wrap(started)
        rows.add_events(self.connection, task.task_id, [event])
        rows.change(
            self.connection,
            task.task_id,
            state=TaskState.RUNNING,
            attempt=started.attempt,
            start_time=self.now if task.start_time is None else task.start_time,
            writer=writer,
            lease_until=lease_until,
            sequence=event.sequence,
            progress=None,
            image_count=0,
        )
        return self._again(row)

    def end(self, row: Row, events: Sequence[CaptureEvent], *, dead: bool = False) -> Task:
        """Ends a task: events, state, notification and usage.

        Args:
            row: The task, with the images and the usage that it ends with.
            events: The last events of its log.
            dead: True when the last worker died.
        """
        finished = finished_of(events)
        task, state = row.task, state_of(finished)
        rows.add_events(self.connection, task.task_id, events)
        rows.change(
            self.connection,
            task.task_id,
            state=state,
            error=finished.status.SerializeToString() if state == TaskState.FAILED else None,
            end_time=self.now,
            image_count=task.image_count,
            usage=rows.to_json(task.usage),
            dead=dead,
            work=None,
            writer="",
            sequence=events[-1].sequence,
        )
        ended = self._again(row).task
        usage.add(self.connection, usage_record(ended, finished, self.now))
        if ended.topic:
            self.connection.execute(
                "INSERT INTO notifications (event_id, topic, body, due_time) VALUES (?, ?, ?, ?)",
                (ended.event_id, ended.topic, self.envelope(ended), self.now),
            )
        return ended

    def end_with(self, row: Row, error: CaptureError, *, dead: bool = False) -> Task:
        """Ends a task by an error without a worker's report, so without images to charge for."""
        row = replace(row, task=replace(row.task, image_count=0))
        stream = EventStream.resumed(row.sequence, lambda: self.now)
        return self.end(row, [stream.wrap(finished_payload(None, error))], dead=dead)

    def make_pending(self, row: Row, ready_time: Nanoseconds, *, counted: bool = True) -> Task:
        """Makes a running task pending again; one that is to be cancelled ends."""
        task = row.task
        if task.cancel_requested:
            return self.end_with(row, cancelled(task))
        rows.change(
            self.connection,
            task.task_id,
            state=TaskState.PENDING,
            attempt=task.attempt if counted else task.attempt - 1,
            usage=rows.to_json(task.usage),
            ready_time=ready_time,
            image_count=0,
            progress=None,
            writer="",
        )
        return self._again(row).task

    def reclaim(self, row: Row) -> Task:
        """Takes a task from its dead holder."""
        task = row.task
        if task.attempt < MAX_ATTEMPTS or task.cancel_requested:
            return self.make_pending(row, self.now)
        lost = WorkerLost(
            f"the worker died in attempt {task.attempt}, the last one",
            metadata={"task": task.task_id, "attempt": str(task.attempt)},
        )
        return self.end_with(row, lost, dead=True)

    def _again(self, row: Row) -> Row:
        changed = rows.find(self.connection, row.task.task_id)
        assert changed is not None
        return changed


def cancelled(task: Task) -> Cancelled:
    """Returns the error of a task that was cancelled."""
    return Cancelled("the task was cancelled", metadata={"task": task.task_id})
