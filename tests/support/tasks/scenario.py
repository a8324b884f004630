"""A scenario with every durable write, which may be cut off anywhere and begun again.

As a command it works on a file and kills itself around one durable write:

    python -m support.tasks.scenario FILE DELIVERIES WRITE before|after NUMBER
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from framecap.errors import TaskNotFound
from framecap.model.usage import UsageRecord
from framecap.tasks.embedded.engine import EmbeddedEngine
from framecap.tasks.embedded.writes import NO_FAULTS, DurableWrite, FaultPoints
from framecap.tasks.engine import DAY, EngineSettings, Fenced, Lease
from framecap.tasks.retry_policy import DELAYS
from framecap.tasks.task import TaskState
from support.tasks.clocks import MovedClock
from support.tasks.engines import LOST_STORE, PROBED, end, envelope, new_task, write

MINE = "media-team"
LEASE = 1_000_000_000

REAL_LEASE = 3 * LEASE
"""The lease by real clocks: what a busy machine does not exceed between two writes."""

SETTINGS = EngineSettings(lease=LEASE, pending=7 * DAY, retention=30 * DAY, request_id=400 * DAY)

OUTCOMES = {
    "plain": "OK",
    "cancelled": "CANCELLED",
    "retried": "OK",
    "handed back": "OK",
    "abandoned": "OK",
    "expired": "TASK_EXPIRED",
    "deleted": "OK",
}
"""The tasks, by their sources, and the outcomes of an undisturbed run."""


class Kill:
    """Kills this process around one durable write.

    Args:
        write: The write.
        before: True to kill it before the commit.
        number: Which of these writes, from 1.
    """

    def __init__(self, write: DurableWrite, before: bool, number: int) -> None:
        self._write = write
        self._before = before
        self._left = number

    def before_commit(self, write: DurableWrite) -> None:
        self._passed(write, before=True)

    def after_commit(self, write: DurableWrite) -> None:
        self._passed(write, before=False)

    def _passed(self, write: DurableWrite, *, before: bool) -> None:
        if (write, before) == (self._write, self._before):
            self._left -= 1
            if not self._left:
                os.kill(os.getpid(), signal.SIGKILL)


def engine_on(path: Path, clock: MovedClock, faults: FaultPoints = NO_FAULTS) -> EmbeddedEngine:
    """Returns an engine whose clocks are `clock`."""
    return EmbeddedEngine(
        path,
        envelope=envelope,
        settings=SETTINGS,
        faults=faults,
        clock=clock,
        holder_clock=clock,
    )


async def run(engine: EmbeddedEngine, clock: MovedClock, deliveries: Path) -> None:
    """Runs the scenario to its end, also where it was cut off before.

    Args:
        engine: The engine.
        clock: The engine's clock.
        deliveries: The file to which the bodies of notifications are delivered.
    """
    await _expire(engine, clock)
    for source in OUTCOMES:
        if source != "expired":
            await _submit(engine, source)
    await _cancel(engine)
    seen: set[str] = set()
    for _ in range(50):
        lease = await engine.take()
        if lease is not None:
            await _work(lease, first=lease.task.source not in seen)
            seen.add(lease.task.source)
        elif all(task.state.ended for task in (await engine.list(MINE)).tasks):
            break
        else:
            clock.now += max(LEASE, DELAYS[0] * 2)
            await engine.sweep()
    # A delivery that was cut off is due again after its time.
    for _ in range(2):
        await _deliver(engine, deliveries)
        clock.now += 2 * SETTINGS.notification
    await engine.record_usage(_direct(clock.now))
    with suppress(TaskNotFound):
        await engine.delete(MINE, await _submit(engine, "deleted"))


async def remove(engine: EmbeddedEngine, clock: MovedClock) -> None:
    """Waits until nothing is kept any more but the usage."""
    clock.now += SETTINGS.retention
    await engine.sweep()


async def _expire(engine: EmbeddedEngine, clock: MovedClock) -> None:
    await _submit(engine, "expired")
    clock.now += SETTINGS.pending
    await engine.sweep()


async def _submit(engine: EmbeddedEngine, source: str) -> str:
    with suppress(TaskNotFound):
        submitted = await engine.submit(new_task(source=source, request_id=source, topic="t"))
        return submitted.task.task_id
    return ""


async def _cancel(engine: EmbeddedEngine) -> None:
    for task in (await engine.list(MINE)).tasks:
        if task.source == "cancelled":
            await engine.request_cancel(MINE, task.task_id)


async def _work(lease: Lease, *, first: bool) -> None:
    await write(lease, PROBED)
    match lease.task.source:
        case "retried" if first:
            await lease.retry_later(LOST_STORE)
        case "handed back" if first:
            await lease.hand_back()
        case "abandoned" if first:
            pass
        case _:
            await end(lease)


async def _deliver(engine: EmbeddedEngine, deliveries: Path) -> None:
    while (notification := await engine.take_notification()) is not None:
        with deliveries.open("ab") as file:
            file.write(notification.body + b"\n")
        await engine.notified(notification)


def _direct(now: int) -> UsageRecord:
    return UsageRecord(
        record_id="call-9",
        principal=MINE,
        source="direct",
        mode="interval",
        outcome="OK",
        image_count=3,
        end_time=now,
    )


async def work_through(engine: EmbeddedEngine) -> None:
    """Works on tasks until all have succeeded; other processes do so as well."""
    succeeded = frozenset({TaskState.SUCCEEDED})
    while any(task.state not in succeeded for task in (await engine.list(MINE)).tasks):
        lease = await engine.take()
        if lease is None:
            await engine.wait_for_work()
            continue
        # A machine that stood still for longer than a lease loses the task to another attempt.
        with suppress(Fenced):
            for _ in range(3):
                await write(lease, PROBED)
            await end(lease)


async def main(path: str, deliveries: str, name: str, point: str, number: str) -> None:
    """Runs the scenario, or works through a file's tasks where `deliveries` is `-`."""
    faults = Kill(DurableWrite(name), point == "before", int(number)) if name != "-" else NO_FAULTS
    if deliveries == "-":
        settings = replace(SETTINGS, lease=REAL_LEASE)
        engine = EmbeddedEngine(Path(path), envelope=envelope, settings=settings, faults=faults)
        await work_through(engine)
    else:
        clock = MovedClock()
        engine = engine_on(Path(path), clock, faults)
        await run(engine, clock, Path(deliveries))
        await remove(engine, clock)
    await engine.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
