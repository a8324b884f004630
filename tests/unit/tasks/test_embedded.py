"""The embedded engine keeps the promises of every engine."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncGenerator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from framecap.tasks.embedded import wakes
from framecap.tasks.embedded.engine import EmbeddedEngine
from framecap.tasks.embedded.writes import DurableWrite
from framecap.tasks.task import TaskState
from support.tasks.clocks import MovedClock
from support.tasks.engines import (
    MINE,
    PROBED,
    SETTINGS,
    EngineContract,
    end,
    envelope,
    log,
    new_task,
    take,
    write,
)


@dataclass
class EmbeddedSetup:
    """Two engines on one file, and the clocks of both."""

    engine: EmbeddedEngine
    other: EmbeddedEngine
    clock: MovedClock
    holder_clock: MovedClock
    faults: Blocking

    async def pass_time(self, duration: int, *, holders: bool = True) -> None:
        self.clock.now += duration
        if holders:
            self.holder_clock.now += duration


class Blocking:
    """Holds up one kind of durable write before its commit, while a test asks for it."""

    def __init__(self) -> None:
        self.held_up: DurableWrite | None = None
        self.arrived = threading.Event()
        self.go_on = threading.Event()

    def before_commit(self, write: DurableWrite) -> None:
        if write is self.held_up:
            self.arrived.set()
            assert self.go_on.wait(60)

    def after_commit(self, write: DurableWrite) -> None:
        pass


@pytest.fixture
async def setup(tmp_path: Path) -> AsyncGenerator[EmbeddedSetup]:
    clock, holder_clock, faults = MovedClock(), MovedClock(), Blocking()
    engine, other = (
        EmbeddedEngine(
            tmp_path / "data" / "tasks.db",
            envelope=envelope,
            settings=SETTINGS,
            clock=clock,
            holder_clock=holder_clock,
            faults=faults,
        )
        for _ in range(2)
    )
    yield EmbeddedSetup(engine, other, clock, holder_clock, faults)
    await engine.close()
    await other.close()


class TestEmbeddedEngine(EngineContract):
    """The contract, on SQLite."""

    async def test_the_private_request_is_kept_until_the_end(
        self, setup: EmbeddedSetup, tmp_path: Path
    ) -> None:
        await setup.engine.submit(new_task(work=b"?signature=secret"))
        lease = await take(setup.engine)
        file = tmp_path / "data" / "tasks.db"
        with closing(sqlite3.connect(file)) as connection:
            works = connection.execute("SELECT work FROM tasks").fetchall()
            assert works == [(b"?signature=secret",)]
            await end(lease)
            assert connection.execute("SELECT work FROM tasks").fetchall() == [(None,)]
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert b"secret" not in file.read_bytes()

    async def test_a_take_cancelled_amid_its_write_is_handed_back(
        self, setup: EmbeddedSetup
    ) -> None:
        task = (await setup.engine.submit(new_task())).task
        faults = setup.faults
        faults.held_up = DurableWrite.TAKE
        taking = asyncio.ensure_future(setup.engine.take())
        await asyncio.to_thread(faults.arrived.wait, 60)
        taking.cancel()
        await asyncio.sleep(0)
        faults.go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await taking
        # What the writer's thread was given before is done by then.
        await setup.engine.database.note(lambda connection: None)
        seen = await setup.engine.get(MINE, task.task_id)
        assert (seen.state, seen.attempt) == (TaskState.PENDING, 0)

    async def test_a_write_whose_caller_is_cancelled_is_known_to_the_lease(
        self, setup: EmbeddedSetup
    ) -> None:
        task = (await setup.engine.submit(new_task())).task
        lease = await take(setup.engine)
        faults = setup.faults
        faults.held_up = DurableWrite.APPEND
        writing = asyncio.ensure_future(write(lease, PROBED))
        await asyncio.to_thread(faults.arrived.wait, 60)
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        faults.go_on.set()
        while len(await log(setup.engine, task)) < 3:
            await asyncio.sleep(0.005)
        await lease.confirm()
        await end(lease)
        assert (await log(setup.engine, task))[2:] == ["probed", "finished"]

    async def test_a_change_just_before_a_wait_ends_it(
        self, setup: EmbeddedSetup, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(wakes, "MAX_WAIT_SECONDS", 3600)
        monkeypatch.setattr(wakes, "POLL_SECONDS", 3600)
        task = (await setup.other.submit(new_task())).task
        await setup.engine.wait_for_work()
        await setup.engine.wait_for_events(task.task_id, 0)
        waiting = asyncio.ensure_future(setup.engine.wait_for_events(task.task_id, 1))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        await take(setup.engine)
        await waiting
