"""The embedded engine keeps the promises of every engine."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from framecap.tasks.embedded import wakes
from framecap.tasks.embedded.engine import EmbeddedEngine
from support.tasks.clocks import MovedClock
from support.tasks.engines import SETTINGS, EngineContract, end, envelope, new_task, take


@dataclass
class EmbeddedSetup:
    """Two engines on one file, and the clock of both."""

    engine: EmbeddedEngine
    other: EmbeddedEngine
    clock: MovedClock

    async def pass_time(self, duration: int) -> None:
        self.clock.now += duration


@pytest.fixture
async def setup(tmp_path: Path) -> AsyncGenerator[EmbeddedSetup]:
    clock = MovedClock()
    engine, other = (
        EmbeddedEngine(
            tmp_path / "data" / "tasks.db",
            envelope=envelope,
            settings=SETTINGS,
            clock=clock,
            holder_clock=clock,
        )
        for _ in range(2)
    )
    yield EmbeddedSetup(engine, other, clock)
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
