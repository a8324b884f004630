"""An outbox with the notifications of real tasks, and what a dispatcher makes of them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from framecap.tasks.embedded.engine import EmbeddedEngine
from framecap.tasks.embedded.writes import NO_FAULTS, FaultPoints
from framecap.tasks.engine import DEFAULTS, EngineSettings
from framecap.tasks.notify.envelope import envelope
from framecap.tasks.notify.policy import DeliveryPolicy
from support.tasks.ended import S, request
from support.tasks.engines import MINE, new_task

QUICK = DeliveryPolicy(
    seconds=5.0,
    first_wait=0.02,
    longest_wait=0.05,
    poll_seconds=0.01,
    count_seconds=0.01,
    close_seconds=1.0,
)
"""A policy whose waits are short."""

SOON = EngineSettings(notification=2 * S)
"""Settings with which what is cut off is due again soon."""


@dataclass
class Meter:
    """The figures of deliveries."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    undelivered: int = -1

    def notification_delivered(self, kind: str) -> None:
        self.counts["delivered", kind] += 1

    def notification_failed(self, kind: str) -> None:
        self.counts["failed", kind] += 1

    def notification_given_up(self, kind: str) -> None:
        self.counts["given up", kind] += 1

    def notifications_undelivered(self, count: int) -> None:
        self.undelivered = count


def engine_on(
    path: Path, faults: FaultPoints = NO_FAULTS, settings: EngineSettings = DEFAULTS
) -> EmbeddedEngine:
    """Returns an engine with real envelopes."""
    return EmbeddedEngine(path, envelope=envelope, settings=settings, faults=faults)


@asynccontextmanager
async def open_engine(
    path: Path, faults: FaultPoints = NO_FAULTS, settings: EngineSettings = DEFAULTS
) -> AsyncIterator[EmbeddedEngine]:
    """Opens an engine for the block."""
    engine = engine_on(path, faults, settings)
    try:
        yield engine
    finally:
        await engine.close()


async def end_tasks(engine: EmbeddedEngine, *topics: str) -> list[str]:
    """Ends a task for each topic; returns the ids of their notifications."""
    ids = []
    for topic in topics:
        new = new_task(topic=topic, request=request())
        task = (await engine.submit(new)).task
        await engine.request_cancel(MINE, task.task_id)
        ids.append(task.event_id)
    return ids


async def until(reached: Callable[[], object]) -> None:
    """Returns once a condition holds; a test's own time limit ends it."""
    while not reached():
        await asyncio.sleep(0.01)


async def emptied(engine: EmbeddedEngine) -> None:
    """Returns once nothing is left in the outbox."""
    while await engine.undelivered_count():
        await asyncio.sleep(0.01)
