"""One attempt at a task: the capture, its events on the way to the log, and its end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import Final

from framecap.admission import Admission, AdmissionLimits
from framecap.attempt import Attempt
from framecap.call import CaptureCall
from framecap.capture import capture
from framecap.capture_result import CaptureResult, finished
from framecap.checked_request import check_request
from framecap.errors import Cancelled, CaptureError, Code, Draining, WorkerLost
from framecap.events import messages
from framecap.events.status import incident
from framecap.events.stream import EventStream
from framecap.model.usage import Usage
from framecap.services import Services
from framecap.sink.terms import WriteTerms
from framecap.tasks.ends import finished_of, state_of, usage_record
from framecap.tasks.engine import Fenced, Lease, TaskEngine
from framecap.tasks.retry_policy import MAX_ATTEMPTS
from framecap.tasks.task import Ending, TaskState
from framecap.tasks.work import call_of
from framecap.tasks.worker.earlier import earlier_images, repeats
from framecap.tasks.worker.heartbeat import confirmed, seconds_left
from framecap.tasks.worker.log import logged, persisted
from framecap.tasks.worker.meter import Outcome
from framecap.usage_log import NoUsageLog
from framecap.v1.event_pb2 import CaptureEvent, CaptureUsage

# Each attempt is admitted by itself: its worker has a slot for it.
ALONE: Final = AdmissionLimits(running=1, open=1, queue=1)

WRITES_END_EARLIER: Final = 0.1
"""The part of a lease before its end in which no write goes on: time to arrive, or to be lost."""

OUTCOMES: Final = {
    TaskState.SUCCEEDED: Outcome.SUCCEEDED,
    TaskState.FAILED: Outcome.FAILED,
    TaskState.CANCELLED: Outcome.CANCELLED,
    TaskState.PENDING: Outcome.RETRIED,
}

logger = logging.getLogger(__name__)


class TaskAttempt:
    """One attempt at a task.

    Args:
        engine: The engine that keeps the task.
        lease: The right to work on it.
        services: The dependencies of the capture.
    """

    def __init__(self, engine: TaskEngine, lease: Lease, services: Services) -> None:
        self._engine = engine
        self._lease = lease
        self._admission = Admission(ALONE)
        # The task is charged once, when it ends.
        self._services = replace(services, admission=self._admission, usage=NoUsageLog())

    def hand_back(self) -> None:
        """Ends the capture; the task is pending again, and the attempt does not count."""
        self._admission.revoke()

    async def run(self) -> Outcome:
        """Captures, and ends the attempt; returns how it ended.

        Raises:
            CaptureError: The attempt could not be ended; its lease will lapse.
        """
        try:
            async with confirmed(self._lease, lost=self._stop), self._until_cancelled():
                return await self._run()
        except Fenced as fenced:
            logger.warning("an attempt was given up: %s", fenced)
            return Outcome.LOST

    async def _run(self) -> Outcome:
        last: Sequence[CaptureEvent] = ()
        error: CaptureError | None = None
        try:
            call = call_of(self._lease.task, self._lease.work)
            call = replace(call, attempt=await self._attempt(call))
            async with aclosing(capture(call, self._services)) as events:
                last = await logged(self._lease, events)
                # After its last event, a capture raises the error that ended it.
                async for _ in events:
                    raise AssertionError("an event after the last one")
        except CaptureError as failure:
            error = failure
        except Fenced:
            raise
        except Exception as fault:
            error = incident(fault)
        return await self._end(last or [self._failed(error)], error)

    async def _attempt(self, call: CaptureCall) -> Attempt:
        lease, task = self._lease, self._lease.task
        margin = seconds_left(lease) * WRITES_END_EARLIER
        attempt = Attempt(
            sequence=lease.sequence,
            pin=task.pin,
            created=task.create_time,
            terms=WriteTerms(
                again=repeats(lease), seconds_left=lambda: seconds_left(lease) - margin
            ),
        )
        checked = check_request(replace(call, attempt=attempt), self._services)
        earlier = await persisted(lease, lambda: earlier_images(self._engine, lease, checked))
        return replace(attempt, earlier=earlier)

    async def _end(self, last: Sequence[CaptureEvent], error: CaptureError | None) -> Outcome:
        """Ends the attempt with its last events.

        Raises:
            Fenced: The lease is lost.
        """
        lease = self._lease
        summary = finished_of(last)
        usage = usage_of(summary.usage)
        if error is not None and self._may_pass(error):
            # What is logged now is not captured again.
            await persisted(lease, lambda: lease.append(last[:-1]))
            if isinstance(error, Draining):
                await persisted(lease, lambda: lease.hand_back(usage))
                return Outcome.HANDED_BACK
            task = await persisted(lease, lambda: lease.retry_later(error, usage))
            return OUTCOMES[task.state]
        images = summary.usage.image_count
        total = lease.task.usage + usage
        summary.usage.CopyFrom(messages.usage(total, images))
        ending = Ending(events=tuple(last), image_count=images, usage=usage)
        task = await persisted(lease, lambda: lease.finish(ending))
        if task.end_time is not None:
            record = usage_record(task, summary, task.end_time)
            self._services.meter.usage_recorded(record)
        return OUTCOMES[state_of(summary)]

    def _may_pass(self, error: CaptureError) -> bool:
        """Returns whether another attempt is to follow after an error.

        The last attempt ends the task itself: its `finished` has what it did.
        """
        again = self._lease.task.attempt < MAX_ATTEMPTS or isinstance(error, Draining)
        return again and error.code is Code.UNAVAILABLE

    def _failed(self, error: CaptureError | None) -> CaptureEvent:
        """Returns the last event of a capture that did not begin."""
        return EventStream.resumed(self._lease.sequence).wrap(finished(CaptureResult(), error))

    def _stop(self) -> None:
        """Ends the capture at once, without another write: the task is another's."""
        self._admission.revoke(WorkerLost("the task is another worker's"))

    @asynccontextmanager
    async def _until_cancelled(self) -> AsyncIterator[None]:
        """Ends the capture when its task's cancellation is requested during the block."""

        async def cancel() -> None:
            await self._lease.cancel_requested.wait()
            self._admission.revoke(Cancelled("The task was cancelled."))

        waiting = asyncio.create_task(cancel())
        try:
            yield
        finally:
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)


def usage_of(message: CaptureUsage) -> Usage:
    """Returns the work that a message states, without its images."""
    return Usage(
        decoded_count=message.decoded_count,
        cpu=message.cpu_time.ToNanoseconds(),
        read_bytes=message.read_bytes,
        written_bytes=message.written_bytes,
        request_count=message.request_count,
    )
