"""The workers of one process: each takes a task for a free slot, and captures it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from framecap.errors import CaptureError
from framecap.events.status import incident
from framecap.services import Services
from framecap.tasks.engine import Lease, TaskEngine
from framecap.tasks.worker.attempts import TaskAttempt
from framecap.tasks.worker.earlier import repeats
from framecap.tasks.worker.meter import NoWorkerMeter, WorkerMeter
from framecap.timebase import NANOSECONDS_PER_SECOND

AGAIN_SECONDS: Final = 1.0
"""The time after which tasks are taken again when the store could not be asked."""

logger = logging.getLogger(__name__)


class Workers:
    """Works on tasks, at most `slots` at the same time.

    Args:
        engine: The engine that keeps the tasks.
        services: The dependencies of captures.
        slots: The most tasks at the same time.
        meter: Records what the workers do.
    """

    def __init__(
        self,
        engine: TaskEngine,
        services: Services,
        *,
        slots: int,
        meter: WorkerMeter | None = None,
    ) -> None:
        self._engine = engine
        self._services = services
        self._slots = asyncio.Semaphore(slots)
        self._meter = meter or NoWorkerMeter()
        self._attempts: dict[asyncio.Task[None], TaskAttempt] = {}
        self._taker: asyncio.Task[None] | None = None
        self._idle = asyncio.Event()
        self._idle.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Takes tasks during the block; hands back what is still worked on at its end."""
        self._taker = asyncio.create_task(self._take_tasks())
        try:
            yield
        finally:
            await self.drain()
            self.hand_back()
            await self.idle()

    async def drain(self) -> None:
        """Takes no more tasks; those that are worked on go on."""
        taker, self._taker = self._taker, None
        if taker is not None:
            taker.cancel()
            await asyncio.gather(taker, return_exceptions=True)

    def hand_back(self) -> None:
        """Ends all captures; their tasks are pending again."""
        for attempt in self._attempts.values():
            attempt.hand_back()

    async def idle(self) -> None:
        """Returns once no task is worked on."""
        await self._idle.wait()

    async def _take_tasks(self) -> None:
        while True:
            await self._slots.acquire()
            taken = False
            try:
                lease = await self._next()
                taken = True
            finally:
                if not taken:
                    self._slots.release()
            self._begin(lease)

    async def _next(self) -> Lease:
        """Returns the next task, once there is one."""
        while True:
            try:
                # A taking that is cancelled midway may take a task all the same.
                taking = asyncio.ensure_future(self._engine.take())
                try:
                    lease = await asyncio.shield(taking)
                except asyncio.CancelledError:
                    await self._give_back(taking)
                    raise
                if lease is not None:
                    return lease
                await self._engine.wait_for_work()
            except CaptureError as error:
                logger.warning("no task can be taken, for now: %s", error.message)
                await asyncio.sleep(AGAIN_SECONDS)
            except Exception as fault:
                incident(fault)
                await asyncio.sleep(AGAIN_SECONDS)

    async def _give_back(self, taking: asyncio.Future[Lease | None]) -> None:
        try:
            lease = await taking
            if lease is not None:
                await lease.hand_back()
        except Exception as error:
            # Its lease lapses, and the task is pending again.
            logger.warning("a task taken at the shutdown was not handed back: %s", error)

    def _begin(self, lease: Lease) -> None:
        attempt = TaskAttempt(self._engine, lease, self._services)
        work = asyncio.create_task(self._work(attempt, lease))
        self._attempts[work] = attempt
        self._idle.clear()
        work.add_done_callback(self._ended)

    def _ended(self, work: asyncio.Task[None]) -> None:
        del self._attempts[work]
        self._slots.release()
        if not self._attempts:
            self._idle.set()

    async def _work(self, attempt: TaskAttempt, lease: Lease) -> None:
        task, began = lease.task, time.monotonic()
        self._meter.attempt_began(_waited(lease))
        outcome = None
        try:
            outcome = await attempt.run()
        except Exception as fault:
            # The lease lapses; another attempt follows.
            incident(fault)
        finally:
            self._meter.attempt_ended(outcome)
            facts = {
                "task": task.task_id,
                "attempt": task.attempt,
                "outcome": outcome.value if outcome else "error",
                "milliseconds": round((time.monotonic() - began) * 1000),
            }
            logger.info("attempt ended", extra={"facts": facts})


def _waited(lease: Lease) -> float | None:
    """Returns the seconds that a task waited for its first attempt; None in a later one."""
    task = lease.task
    if repeats(lease) or task.start_time is None:
        return None
    return max(0, task.start_time - task.create_time) / NANOSECONDS_PER_SECOND
