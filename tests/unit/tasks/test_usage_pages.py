"""Pages of usage records run down an index: none sorts, and none reads all rows of the table."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from framecap.tasks.embedded import usage
from framecap.tasks.embedded.migrations import migrate
from framecap.tasks.task import UsageFilter
from support.tasks.engines import MINE, direct

BETWEEN = UsageFilter(ended_from=100, ended_before=200)


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """A database of usage records of two principals."""
    path = tmp_path_factory.mktemp("usage") / "tasks.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as opened:
        migrate(opened)
        opened.execute("BEGIN")
        for number in range(1000):
            owner = MINE if number % 2 else "other"
            usage.add(opened, direct(f"call-{number}", number, owner))
        opened.execute("COMMIT")
        yield opened


@pytest.mark.parametrize("principal", [MINE, None], ids=["own", "all"])
@pytest.mark.parametrize("chosen", [UsageFilter(), BETWEEN], ids=["all times", "between"])
@pytest.mark.parametrize("after", [None, (150, "call-150")], ids=["first", "next"])
def test_a_page_runs_down_one_index(
    connection: sqlite3.Connection,
    principal: str | None,
    chosen: UsageFilter,
    after: tuple[int, str] | None,
) -> None:
    sql, values = usage.statement(principal, chosen, after, 50)
    steps = [step for *_, step in connection.execute(f"EXPLAIN QUERY PLAN {sql}", values)]
    index = "usage_by_time" if principal is None else "usage_by_principal"
    (step,) = steps
    assert index in step
    bounded = principal is not None or chosen != UsageFilter() or after is not None
    assert step.startswith("SEARCH" if bounded else "SCAN")


def test_old_records_are_found_by_the_index(connection: sqlite3.Connection) -> None:
    steps = [step for *_, step in connection.execute(f"EXPLAIN QUERY PLAN {usage.REMOVE}", (5, 9))]
    assert any("usage_by_time (end_time<?)" in step for step in steps)
    assert not any(step.startswith("SCAN") for step in steps)


def test_a_page_has_the_records_of_its_times(connection: sqlite3.Connection) -> None:
    page = usage.page(connection, MINE, BETWEEN, 1000, "")
    assert [record.end_time for record in page.records] == list(range(101, 200, 2))
    assert page.next_page_token == ""
