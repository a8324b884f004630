"""Pages of tasks. Every list runs down one index and stops at the end of its page."""

from __future__ import annotations

import heapq
import itertools
import sqlite3
import uuid
from collections.abc import Iterator
from typing import Any, Final

from framecap.tasks.embedded.rows import TASK, task_of
from framecap.tasks.page_token import check_of, foreign, position_of, token_of
from framecap.tasks.task import MAX_PAGE_SIZE, Page, Task, TaskFilter, TaskState
from framecap.tasks.uuid7 import lowest, parse_task_id, task_id

UUID_BYTES: Final = 16

Statement = tuple[str, dict[str, Any]]


def page(
    connection: sqlite3.Connection,
    principal: str,
    chosen: TaskFilter,
    page_size: int,
    page_token: str,
) -> Page:
    """Returns a page of a principal's tasks, newest first.

    Raises:
        ValueOutOfRange: The token is not from a page of the same list.
    """
    size = max(1, min(page_size, MAX_PAGE_SIZE))
    check = _check(principal, chosen)
    before = _read_token(page_token, check) if page_token else ""
    # Each list is in order, so that the newest of all come first when they are merged.
    lists = [
        _tasks(connection, statement) for statement in statements(principal, chosen, before, size)
    ]
    merged = heapq.merge(*lists, key=lambda task: task.task_id, reverse=True)
    found = tuple(itertools.islice(merged, size + 1))
    kept = found[:size]
    token = _token(kept[-1], check) if len(found) > size else ""
    return Page(tasks=kept, next_page_token=token)


def statements(principal: str, chosen: TaskFilter, before: str, size: int) -> Iterator[Statement]:
    """Yields the statements whose results, merged, are a page and one task more.

    Args:
        principal: The tasks' owner.
        chosen: The tasks that the list contains.
        before: The id that the page's ids precede; empty for the first page.
        size: The number of tasks on the page.
    """
    conditions = ["principal = :principal"]
    values: dict[str, Any] = {"principal": principal, "prefix": chosen.source_prefix}
    if chosen.created_from is not None:
        conditions.append("task_id >= :lowest")
        values["lowest"] = task_id(lowest(chosen.created_from))
    if chosen.created_before is not None:
        highest = task_id(lowest(chosen.created_before))
        before = min(before, highest) if before else highest
    if before:
        conditions.append("task_id < :before")
        values["before"] = before
    if chosen.source_prefix:
        conditions.append("substr(source, 1, length(:prefix)) = :prefix")
    index = "tasks_newest"
    if chosen.dead:
        index = "tasks_dead"
        conditions.append("dead = 1")
    elif chosen.states:
        index = "tasks_by_state"
    states: list[TaskState | None] = [*sorted(chosen.states)] or [None]
    for state in states:
        own = conditions if state is None else [*conditions, "state = :state"]
        yield (
            f"SELECT {TASK} FROM tasks INDEXED BY {index} WHERE {' AND '.join(own)}"
            f" ORDER BY task_id DESC LIMIT {size + 1}",
            {**values, "state": state},
        )


def _tasks(connection: sqlite3.Connection, statement: Statement) -> Iterator[Task]:
    for columns in connection.execute(*statement):
        yield task_of(columns)


def _check(principal: str, chosen: TaskFilter) -> bytes:
    """Returns what the tokens of one list share."""
    return check_of(
        principal,
        sorted(chosen.states),
        chosen.source_prefix,
        chosen.created_from,
        chosen.created_before,
        chosen.dead,
    )


def _token(last: Task, check: bytes) -> str:
    number = parse_task_id(last.task_id)
    assert number is not None
    return token_of(number.bytes, check)


def _read_token(token: str, check: bytes) -> str:
    """Returns the id that the page's ids precede."""
    position = position_of(token, check)
    if len(position) != UUID_BYTES:
        raise foreign()
    return task_id(uuid.UUID(bytes=position))
