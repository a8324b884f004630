"""Tasks as rows of the database."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any, Final

from google.rpc import status_pb2

from framecap.errors import TaskNotFound
from framecap.model.usage import NO_USAGE, Usage
from framecap.source.pin import SourcePin
from framecap.tasks.engine import shard_of
from framecap.tasks.task import NewTask, Task, TaskState
from framecap.timebase import Nanoseconds
from framecap.v1.event_pb2 import CaptureEvent, CaptureProgress

TASK: Final = """task_id, event_id, call_id, principal, request, source, mode, pin, labels,
    user_data, project, topic, retry_of, state, create_time, attempt, progress, error, start_time,
    end_time, image_count, usage, dead, cancel_requested"""
"""The columns that `task_of` takes, in its order."""


@dataclass(frozen=True, slots=True)
class Row:
    """A task and what only engines see of it."""

    task: Task
    """The task."""

    work: bytes
    """The request for the worker; empty after the end."""

    writer: str
    """The id of the holder that may write; empty while nobody may."""

    sequence: int
    """The number of the log's last event."""


def task_of(columns: Sequence[Any]) -> Task:
    """Returns the task of the columns `TASK`."""
    values = dict(zip((name.strip() for name in TASK.split(",")), columns, strict=True))
    progress, error = values.pop("progress"), values.pop("error")
    return Task(
        pin=SourcePin(**json.loads(values.pop("pin"))),
        labels=MappingProxyType(json.loads(values.pop("labels"))),
        state=TaskState(values.pop("state")),
        usage=usage_of(values.pop("usage")),
        progress=None if progress is None else CaptureProgress.FromString(progress),
        error=None if error is None else status_pb2.Status.FromString(error),
        dead=bool(values.pop("dead")),
        cancel_requested=bool(values.pop("cancel_requested")),
        **values,
    )


def usage_of(text: str) -> Usage:
    """Returns the usage in a column."""
    return Usage(**json.loads(text))


def to_json(value: Usage | SourcePin) -> str:
    """Returns a value as a column."""
    return json.dumps(asdict(value))


def find(connection: sqlite3.Connection, task_id: str) -> Row | None:
    """Returns the row of a task; None where there is none."""
    found = connection.execute(
        f"SELECT work, writer, sequence, {TASK} FROM tasks WHERE task_id = ?", (task_id,)
    ).fetchone()
    if found is None:
        return None
    work, writer, sequence, *columns = found
    return Row(task_of(columns), work or b"", writer, sequence)


def find_own(connection: sqlite3.Connection, principal: str, task_id: str) -> Row:
    """Returns the row of a principal's task.

    Raises:
        TaskNotFound: The principal has none of that id.
    """
    row = find(connection, task_id)
    if row is None or row.task.principal != principal:
        raise not_found(task_id)
    return row


def not_found(task_id: str) -> TaskNotFound:
    """Returns the error of a task that is not there."""
    return TaskNotFound(f"there is no task {task_id}", metadata={"task": task_id})


def insert(
    connection: sqlite3.Connection,
    new: NewTask,
    *,
    task_id: str,
    event_id: str,
    create_time: Nanoseconds,
) -> None:
    """Adds a pending task, whose log has one event."""
    values = {
        "task_id": task_id,
        "event_id": event_id,
        "call_id": new.call_id,
        "principal": new.principal,
        "request": new.request,
        "work": new.work,
        "source": new.source,
        "mode": new.mode,
        "pin": to_json(new.pin),
        "labels": json.dumps(dict(new.labels)),
        "user_data": new.user_data,
        "project": new.project,
        "topic": new.topic,
        "retry_of": new.retry_of,
        "state": TaskState.PENDING,
        "create_time": create_time,
        "usage": to_json(NO_USAGE),
        "shard": shard_of(new.principal),
        "ready_time": create_time,
        "sequence": 1,
    }
    names = ", ".join(values)
    holders = ", ".join(f":{name}" for name in values)
    connection.execute(f"INSERT INTO tasks ({names}) VALUES ({holders})", values)


def change(connection: sqlite3.Connection, task_id: str, **columns: Any) -> None:
    """Changes columns of a task."""
    assignments = ", ".join(f"{name} = :{name}" for name in columns)
    connection.execute(
        f"UPDATE tasks SET {assignments} WHERE task_id = :id", {**columns, "id": task_id}
    )


def add_events(
    connection: sqlite3.Connection, task_id: str, events: Iterable[CaptureEvent]
) -> None:
    """Adds events to a task's log."""
    connection.executemany(
        "INSERT INTO events VALUES (?, ?, ?)",
        [(task_id, event.sequence, event.SerializeToString()) for event in events],
    )
