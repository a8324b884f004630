"""What time demands of the database: dead holders, tasks pending too long, retention."""

from __future__ import annotations

import sqlite3
from typing import Final

from framecap.errors import TaskExpired
from framecap.tasks.embedded import rows, usage
from framecap.tasks.embedded.lease import Surroundings
from framecap.tasks.embedded.wakes import WORK
from framecap.tasks.embedded.writes import DurableWrite
from framecap.tasks.engine import DAY, Swept
from framecap.tasks.task import Task
from framecap.timebase import Nanoseconds

BATCH: Final = 100
"""The most tasks that one transaction changes, so that no other writer waits long."""

LAPSED: Final = """SELECT task_id FROM tasks INDEXED BY tasks_leased
    WHERE state = 2 AND lease_until <= ? ORDER BY lease_until LIMIT ?"""

EXPIRED: Final = """SELECT task_id FROM tasks INDEXED BY tasks_pending
    WHERE state = 1 AND create_time <= ? ORDER BY create_time LIMIT ?"""

ENDED: Final = """SELECT task_id FROM tasks INDEXED BY tasks_ended
    WHERE end_time <= ? ORDER BY end_time LIMIT ?"""


async def settle(around: Surroundings) -> Swept:
    """Reclaims the tasks of dead holders, and ends those that were pending for too long."""

    def reclaim(connection: sqlite3.Connection) -> list[Task]:
        transitions = around.transitions(connection)
        found = _rows(connection, LAPSED, transitions.now)
        return [transitions.reclaim(row) for row in found]

    def expire(connection: sqlite3.Connection) -> list[Task]:
        transitions = around.transitions(connection)
        found = _rows(connection, EXPIRED, transitions.now - around.settings.pending)
        return [
            transitions.end_with(row, _expired(row.task, around.settings.pending)) for row in found
        ]

    reclaimed = expired = 0
    lapsed, old = await around.database.read(lambda connection: _due(connection, around))
    while lapsed:
        tasks = await around.database.write(DurableWrite.RECLAIM, reclaim)
        reclaimed += _wake(around, tasks)
        lapsed = len(tasks) == BATCH
    while old:
        tasks = await around.database.write(DurableWrite.EXPIRE, expire)
        expired += _wake(around, tasks)
        old = len(tasks) == BATCH
    return Swept(reclaimed=reclaimed, expired=expired)


async def remove_old(around: Surroundings) -> int:
    """Removes tasks, request ids and usage records whose time is over; returns how many."""

    def remove(connection: sqlite3.Connection) -> int:
        now, settings = around.clock(), around.settings
        ended = connection.execute(ENDED, (now - settings.retention, BATCH)).fetchall()
        for (task_id,) in ended:
            remove_task(connection, task_id)
        lapsed = connection.execute("DELETE FROM request_ids WHERE lapse_time <= ?", (now,))
        used = usage.remove(connection, now - settings.usage, BATCH)
        return len(ended) + lapsed.rowcount + used

    removed = 0
    while count := await around.database.write(DurableWrite.REMOVE, remove):
        removed += count
    return removed


def remove_task(connection: sqlite3.Connection, task_id: str) -> None:
    """Removes a task and its log."""
    connection.execute("DELETE FROM events WHERE task_id = ?", (task_id,))
    connection.execute("DELETE FROM tasks WHERE task_id = ?", (task_id,))


def _due(connection: sqlite3.Connection, around: Surroundings) -> tuple[bool, bool]:
    """Returns whether holders are dead, and whether tasks were pending for too long."""
    now = around.clock()
    return (
        connection.execute(LAPSED, (now, 1)).fetchone() is not None,
        connection.execute(EXPIRED, (now - around.settings.pending, 1)).fetchone() is not None,
    )


def _rows(connection: sqlite3.Connection, query: str, until: Nanoseconds) -> list[rows.Row]:
    found = connection.execute(query, (until, BATCH)).fetchall()
    kept = (rows.find(connection, task_id) for (task_id,) in found)
    return [row for row in kept if row is not None]


def _wake(around: Surroundings, tasks: list[Task]) -> int:
    for task in tasks:
        around.wakes.wake(task.task_id)
    around.wakes.wake(WORK)
    return len(tasks)


def _expired(task: Task, pending: Nanoseconds) -> TaskExpired:
    days = f"{pending / DAY:g}"
    return TaskExpired(
        f"the task was pending for {days} days",
        metadata={"task": task.task_id, "days": days},
    )
