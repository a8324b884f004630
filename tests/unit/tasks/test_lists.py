"""Lists of 100,000 tasks run down an index: none sorts, and none reads all rows of the table."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from framecap.tasks.embedded import lists, sweeping
from framecap.tasks.embedded.engine import READY
from framecap.tasks.embedded.migrations import migrate
from framecap.tasks.embedded.rows import insert
from framecap.tasks.task import Task, TaskFilter, TaskState
from framecap.tasks.uuid7 import Uuid7, created, task_id
from support.tasks.engines import MINE, new_task

COUNT = 100_000
FAILED_EACH = 9_973

FILTERS = [
    TaskFilter(),
    TaskFilter(states=frozenset({TaskState.FAILED})),
    TaskFilter(states=frozenset(TaskState)),
    TaskFilter(source_prefix="films/"),
    TaskFilter(source_prefix="films/9999", states=frozenset({TaskState.FAILED})),
    TaskFilter(created_from=1, created_before=2**62),
    TaskFilter(dead=True),
    TaskFilter(dead=True, states=frozenset({TaskState.FAILED}), source_prefix="films/"),
]


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """A database of 100,000 tasks of one principal, few of them failed."""
    path = tmp_path_factory.mktemp("lists") / "tasks.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as opened:
        migrate(opened)
        opened.execute("BEGIN")
        make = Uuid7()
        new = new_task()
        insert(opened, new, task_id="first", event_id="e", create_time=0)
        columns = [name for _, name, *_ in opened.execute("PRAGMA table_info(tasks)")]
        first = dict(zip(columns, opened.execute("SELECT * FROM tasks").fetchone(), strict=True))
        opened.execute("DELETE FROM tasks")
        holders = ", ".join("?" for _ in columns)
        opened.executemany(
            f"INSERT INTO tasks VALUES ({holders})",
            (tuple((first | row(number, make)).values()) for number in range(COUNT)),
        )
        opened.execute("COMMIT")
        yield opened


def row(number: int, make: Uuid7) -> dict[str, object]:
    failed = number % FAILED_EACH == 0
    made = make()
    return {
        "task_id": task_id(made),
        "source": f"films/{number}.mp4",
        "create_time": created(made),
        "end_time": created(made),
        "state": TaskState.FAILED if failed else TaskState.SUCCEEDED,
        "dead": failed,
    }


def plan(connection: sqlite3.Connection, sql: str, values: object) -> list[str]:
    return [step for *_, step in connection.execute(f"EXPLAIN QUERY PLAN {sql}", values)]


@pytest.mark.parametrize("chosen", FILTERS, ids=str)
@pytest.mark.parametrize("before", ["", task_id(Uuid7()())], ids=["first", "next"])
def test_a_page_searches_one_index_in_its_order(
    connection: sqlite3.Connection, chosen: TaskFilter, before: str
) -> None:
    for sql, values in lists.statements(MINE, chosen, before, 50):
        (step,) = plan(connection, sql, values)
        assert step.startswith("SEARCH tasks USING INDEX tasks_")
        assert "principal=?" in step


@pytest.mark.parametrize(
    ("sql", "values"),
    [
        (READY, (1, 2**62)),
        (sweeping.LAPSED, (2**62, 1)),
        (sweeping.EXPIRED, (2**62, 1)),
        (sweeping.ENDED, (2**62, 1)),
    ],
    ids=["ready", "lapsed", "expired", "ended"],
)
def test_the_next_task_is_found_by_an_index(
    connection: sqlite3.Connection, sql: str, values: tuple[int, ...]
) -> None:
    (step,) = plan(connection, sql, values)
    assert step.startswith("SEARCH tasks USING")
    assert "INDEX tasks_" in step


def test_pages_of_many_tasks_are_whole_and_in_order(connection: sqlite3.Connection) -> None:
    failed = walk(connection, TaskFilter(states=frozenset({TaskState.FAILED})), 4)
    assert [task.source for task in failed] == [
        f"films/{number}.mp4" for number in reversed(range(0, COUNT, FAILED_EACH))
    ]
    assert walk(connection, TaskFilter(dead=True), 3) == failed
    (one,) = walk(connection, TaskFilter(source_prefix="films/99999."), 50)
    assert one.source == "films/99999.mp4"
    newest = lists.page(connection, MINE, TaskFilter(), 1000, "")
    ids = [task.task_id for task in newest.tasks]
    assert ids == sorted(ids, reverse=True)
    assert len(ids) == 1000
    assert newest.next_page_token


def walk(connection: sqlite3.Connection, chosen: TaskFilter, size: int) -> list[Task]:
    found: list[Task] = []
    token = ""
    while True:
        page = lists.page(connection, MINE, chosen, size, token)
        found += page.tasks
        token = page.next_page_token
        if not token:
            return found
