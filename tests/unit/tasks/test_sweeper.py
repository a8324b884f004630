"""The sweeper goes on, whatever a sweep meets, and ends with its block."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator

import pytest

from framecap.errors import DataStoreUnavailable
from framecap.tasks import sweeper
from framecap.tasks.engine import EngineSettings, Swept, TaskEngine
from framecap.tasks.settings import MOST_DAYS, TaskSettings
from framecap.tasks.sweeper import sweeping

DAY = 24 * 3600 * 10**9


class Sweeps:
    """Stands for an engine whose sweeps end one way after the other."""

    def __init__(self, *ends: Swept | Exception) -> None:
        self._ends: Iterator[Swept | Exception] = iter(ends)
        self.done = asyncio.Event()
        self.count = 0

    async def sweep(self) -> Swept:
        self.count += 1
        end = next(self._ends, None)
        if end is None:
            self.done.set()
            return Swept()
        if isinstance(end, Exception):
            raise end
        return end


async def swept(sweeps: Sweeps) -> None:
    engine: TaskEngine = sweeps  # type: ignore[assignment]
    async with sweeping(engine, every=0.001), asyncio.timeout(30):
        await sweeps.done.wait()


async def test_a_store_that_is_away_is_swept_later(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    away = DataStoreUnavailable("the disk is full")
    await swept(Sweeps(away, Swept(reclaimed=1), away))
    lines = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert lines == [
        ("WARNING", "tasks cannot be swept, for now: the disk is full"),
        ("INFO", "swept tasks"),
        ("WARNING", "tasks cannot be swept, for now: the disk is full"),
    ]


async def test_a_sweep_ends_with_its_block() -> None:
    sweeps = Sweeps()
    await swept(sweeps)
    count = sweeps.count
    await asyncio.sleep(0.01)
    assert sweeps.count == count


def test_days_become_the_durations_of_engines() -> None:
    assert TaskSettings().engine == EngineSettings()
    settings = TaskSettings(task_days=1, pending_days=2, usage_days=3).engine
    assert (settings.retention, settings.pending, settings.usage) == (DAY, 2 * DAY, 3 * DAY)


@pytest.mark.parametrize("name", ["task_days", "pending_days", "usage_days"])
def test_more_days_than_a_clock_has_are_refused(name: str) -> None:
    TaskSettings(**{name: MOST_DAYS})
    with pytest.raises(ValueError, match=f"^{name}: 36501 days are more than 36500") as caught:
        TaskSettings(**{name: MOST_DAYS + 1})
    assert "example" in str(caught.value)


async def test_a_long_first_sweep_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeper, "FIRST_SECONDS", 0.01)
    never = asyncio.Event()

    class Long(Sweeps):
        async def sweep(self) -> Swept:
            await never.wait()
            return Swept()

    engine: TaskEngine = Long()  # type: ignore[assignment]
    async with asyncio.timeout(30), sweeping(engine):
        assert not never.is_set()


async def test_the_first_sweep_precedes_the_block() -> None:
    sweeps = Sweeps(Swept(reclaimed=1))
    engine: TaskEngine = sweeps  # type: ignore[assignment]
    async with sweeping(engine):
        assert sweeps.count == 1
