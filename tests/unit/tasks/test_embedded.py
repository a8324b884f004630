"""The embedded engine keeps the promises of every engine."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

import pytest

from framecap.tasks.embedded.engine import EmbeddedEngine
from support.tasks.clocks import MovedClock
from support.tasks.engines import SETTINGS, EngineContract, envelope


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
