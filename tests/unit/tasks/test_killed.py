"""Nothing is lost or done twice when a process is killed around any durable write."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from framecap.tasks.embedded.engine import EmbeddedEngine
from framecap.tasks.embedded.writes import DurableWrite
from framecap.tasks.task import TaskState
from support.tasks.clocks import MovedClock
from support.tasks.engines import envelope, log, new_task, recorded
from support.tasks.scenario import MINE, OUTCOMES, SETTINGS, engine_on, remove, run

TESTS = Path(__file__).parents[2]
COUNT = 24


async def started(*arguments: str) -> asyncio.subprocess.Process:
    """Starts the scenario as a command."""
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "support.tasks.scenario", *arguments, cwd=TESTS
    )


async def check(engine: EmbeddedEngine, path: Path, deliveries: Path) -> None:
    """Checks that the scenario has ended as an undisturbed run does."""
    for task in (await engine.list(MINE)).tasks:
        assert task.state.ended
        cases = await log(engine, task)
        assert (cases[0], cases[-1], cases.count("finished")) == ("accepted", "finished", 1)
        assert cases.count("attempt_started") <= 4
    records = await recorded(engine)
    outcomes = {record.source: record.outcome for record in records}
    assert outcomes == {**OUTCOMES, "direct": "OK"}
    assert len(records) == len(outcomes)
    charged = {record.source for record in records if record.image_count == 3}
    assert charged == {source for source, outcome in outcomes.items() if outcome == "OK"}
    delivered = {line.split()[0].decode() for line in deliveries.read_bytes().splitlines()}
    assert delivered == {record.record_id for record in records if record.source != "direct"}


def rows(path: Path) -> dict[str, int]:
    """Returns the number of rows of each table."""
    with closing(sqlite3.connect(path)) as connection:
        tables = ("tasks", "events", "notifications", "usage")
        return {
            table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in tables
        }


@pytest.mark.parametrize("point", ["before", "after"])
@pytest.mark.parametrize("write", DurableWrite, ids=lambda write: write.value)
async def test_killed_at_a_durable_write(tmp_path: Path, write: DurableWrite, point: str) -> None:
    path, deliveries = tmp_path / "tasks.db", tmp_path / "deliveries"
    killed = await started(str(path), str(deliveries), write.value, point, "1")
    # Each of the writes was reached, so the process did not end by itself.
    assert await killed.wait() == -signal.SIGKILL
    clock = MovedClock()
    engine = engine_on(path, clock)
    await run(engine, clock, deliveries)
    await check(engine, path, deliveries)
    # A clock that began again is behind the one that was killed.
    clock.now += SETTINGS.pending * 2
    await remove(engine, clock)
    await engine.close()
    assert rows(path) == {"tasks": 0, "events": 0, "notifications": 0, "usage": len(OUTCOMES) + 1}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("append", "after", "5"), ("finish", "before", "3")),
        (("take", "after", "2"), ("finish", "after", "4")),
        (("take", "before", "3"), ("append", "before", "7")),
    ],
    ids=" and ".join,
)
async def test_two_processes_on_one_file_are_killed(
    tmp_path: Path, first: tuple[str, str, str], second: tuple[str, str, str]
) -> None:
    path = tmp_path / "tasks.db"
    engine = EmbeddedEngine(path, envelope=envelope, settings=SETTINGS)
    for number in range(COUNT):
        await engine.submit(new_task(source=f"films/{number}"))
    killed = [await started(str(path), "-", *point) for point in (first, second)]
    assert [await process.wait() for process in killed] == [-signal.SIGKILL] * 2
    working = [await started(str(path), "-", "-", "-", "0") for _ in range(2)]
    assert [await process.wait() for process in working] == [0, 0]
    tasks = (await engine.list(MINE)).tasks
    assert [task.state for task in tasks] == [TaskState.SUCCEEDED] * COUNT
    for task in tasks:
        cases = await log(engine, task)
        assert cases.count("attempt_started") == task.attempt
        assert cases[-4:] == ["probed"] * 3 + ["finished"]
    records = await recorded(engine)
    assert sorted(record.record_id for record in records) == sorted(t.task_id for t in tasks)
    assert {record.image_count for record in records} == {3}
    await engine.close()


def test_every_durable_write_is_in_the_list_and_nothing_else_is_written() -> None:
    package = TESTS.parent / "service" / "framecap" / "tasks" / "embedded"
    code = "".join(path.read_text() for path in package.glob("*.py") if path.name != "writes.py")
    for write in DurableWrite:
        assert f"DurableWrite.{write.name}" in code
    # All go through these two methods of the database.
    assert code.count("BEGIN IMMEDIATE") == 2
