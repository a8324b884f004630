"""The interface of the engines that keep tasks: `TaskEngine`, and `Lease` for the holder of one.

An engine is durable and fenced. *Durable*: what a method has returned survives the death of every
process. *Fenced*: at most one writer extends a task's log. Each taking has a writer id of its own,
and each event of record is written only where it follows the last one and that writer
still holds the task; so a holder that was believed dead cannot write beside its successor.

The log of a task is its truth. `accepted` begins it, at the submission; `attempt_started` begins
each attempt, and is written by `take`, so that attempts are counted in the log; one `finished` ends
it. Progress is not of record.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Protocol, TypeAlias

from framecap.errors import CaptureError
from framecap.model.usage import NO_USAGE, Usage, UsageRecord
from framecap.tasks.task import (
    ALL,
    ALL_USAGE,
    DEFAULT_PAGE_SIZE,
    DEFAULT_USAGE_PAGE_SIZE,
    Ending,
    NewTask,
    Notification,
    Page,
    Task,
    TaskFilter,
    UsageFilter,
    UsagePage,
)
from framecap.timebase import NANOSECONDS_PER_SECOND, Nanoseconds
from framecap.v1.event_pb2 import CaptureEvent, CaptureProgress

DAY: Final = 24 * 3600 * NANOSECONDS_PER_SECOND

SHARDS: Final = 16
"""The queues that pending tasks are spread over by their principals, and taken from in turn."""

Envelope: TypeAlias = Callable[[Task], bytes]
"""Returns the body of the notification of an ended task."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    """How long an engine keeps things."""

    lease: Nanoseconds = 30 * NANOSECONDS_PER_SECOND
    """The time after its last confirmation at which a holder is taken for dead."""

    pending: Nanoseconds = 7 * DAY
    """The time after its creation at which a task that is still pending fails."""

    retention: Nanoseconds = 7 * DAY
    """The time after its end at which a task is removed."""

    request_id: Nanoseconds = 7 * DAY
    """The time after the creation in which a request id stands for its task."""

    usage: Nanoseconds = 400 * DAY
    """The time for which usage records are kept."""

    notification: Nanoseconds = 60 * NANOSECONDS_PER_SECOND
    """The time in which a delivery of a notification must end before it is repeated."""


DEFAULTS: Final = EngineSettings()


class Fenced(Exception):
    """The lease is another's, or over: nothing was written, and its holder must stop."""


class LeaseLost(Fenced):
    """The lease was not confirmed in time."""


class Lease(Protocol):
    """The right to work on one task, until it is ended, given back, or not confirmed in time.

    The holder confirms it at least three times in its duration, from a task that does nothing else,
    and stops all work once `held` is false. Methods are for one event loop, one at a time, but for
    `confirm`, which may run beside any other.
    """

    @property
    def task(self) -> Task:
        """The task as it was when it was taken."""

    @property
    def work(self) -> bytes:
        """The request for the worker."""

    @property
    def sequence(self) -> int:
        """The number of the last event in the log, `attempt_started` at first."""

    @property
    def cancel_requested(self) -> asyncio.Event:
        """Set once the task's owner asked for the cancellation; seen by `confirm` at the latest."""

    @property
    def confirmed_until(self) -> Nanoseconds:
        """The time, by `lease_clock`, until which the task is surely not another's."""

    @property
    def held(self) -> bool:
        """True while the lease is confirmed and the attempt has not ended.

        The clock goes on while the process is stopped and while the machine sleeps; so ask again
        after every wait, before anything that only the holder may do.
        """

    async def confirm(self) -> None:
        """Extends the lease by its duration, counted from before the request.

        Raises:
            Fenced: The lease is lost. A lease that lapsed is not revived.
            DataStoreUnavailable: It could not be confirmed; try again while it is `held`.
        """

    async def append(self, events: Sequence[CaptureEvent]) -> None:
        """Writes events of record, all or none; their numbers follow `sequence` without a gap.

        Raises:
            Fenced: The lease is lost.
            DataStoreUnavailable: Nothing was written; try again while it is `held`.
            ValueError: The numbers do not follow.
        """

    async def progress(self, report: CaptureProgress) -> None:
        """Keeps the latest progress, which is not of record.

        Raises:
            Fenced: The lease is lost.
            DataStoreUnavailable: Only this progress is lost.
        """

    async def finish(self, ending: Ending) -> Task:
        """Ends the task: state, last events, notification and usage record in one step.

        Raises:
            Fenced: The lease is lost.
            DataStoreUnavailable: Nothing was written; try again while it is `held`.
            ValueError: The last event is not `finished`.
        """

    async def hand_back(self, usage: Usage = NO_USAGE) -> Task:
        """Makes the task pending at once, as at a drain. The attempt does not count.

        Raises:
            Fenced: The lease is lost.
            DataStoreUnavailable: Nothing was written.
        """

    async def retry_later(self, error: CaptureError, usage: Usage = NO_USAGE) -> Task:
        """Makes the task pending after a backoff; after the last attempt it fails with `error`.

        Raises:
            Fenced: The lease is lost.
            DataStoreUnavailable: Nothing was written; try again while it is `held`.
        """


@dataclass(frozen=True, slots=True)
class Submitted:
    """The answer to a submission."""

    task: Task
    """The task, the first one's where the request id was known."""

    created: bool
    """True when this submission created it."""


@dataclass(frozen=True, slots=True)
class Swept:
    """Counts of what a sweep did."""

    reclaimed: int = 0
    """Tasks whose worker died: pending again, or ended."""

    expired: int = 0
    """Tasks that were pending for too long."""

    removed: int = 0
    """Tasks, request ids and usage records whose time was over."""


class TaskEngine(Protocol):
    """Keeps tasks. Every method may raise DataStoreUnavailable, having changed nothing."""

    async def submit(self, new: NewTask) -> Submitted:
        """Creates a task, or returns the one that the request id stands for.

        Raises:
            RequestIdReused: The request id stands for a task with another body.
            TaskNotFound: The request id stands for a task that was deleted.
        """

    async def first_of(self, new: NewTask) -> Task | None:
        """Returns the task that a submission's request id stands for; None where there is none.

        Its source need not be pinned: the pin is no part of what makes two submissions equal.

        Raises:
            RequestIdReused: The request id stands for a task with another body.
            TaskNotFound: The request id stands for a task that was deleted.
        """

    async def get(self, principal: str, task_id: str) -> Task:
        """Returns a task of the principal.

        Raises:
            TaskNotFound: The principal has none of that id.
        """

    async def list(
        self,
        principal: str,
        chosen: TaskFilter = ALL,
        *,
        page_size: int = DEFAULT_PAGE_SIZE,
        page_token: str = "",
    ) -> Page:
        """Returns a page of the principal's tasks, newest first.

        Raises:
            ValueOutOfRange: The token is not from a page of the same list.
        """

    async def request_cancel(self, principal: str, task_id: str) -> Task:
        """Cancels a pending task, asks the holder of a running one to stop; returns the task.

        One that has ended stays as it is.

        Raises:
            TaskNotFound: The principal has none of that id.
        """

    async def delete(self, principal: str, task_id: str) -> None:
        """Removes an ended task with its log. Its request id stays, its usage record too.

        Raises:
            TaskNotFound: The principal has none of that id.
            TaskNotEnded: It has not ended.
        """

    async def events(
        self, principal: str, task_id: str, after_sequence: int = 0, *, limit: int = 100
    ) -> Sequence[CaptureEvent]:
        """Returns the events of record after a number, in order, at most `limit`.

        Raises:
            TaskNotFound: The principal has none of that id.
        """

    async def wait_for_events(self, task_id: str, after_sequence: int) -> None:
        """Returns when the log may have events after a number, after a second at the latest."""

    async def take(self) -> Lease | None:
        """Takes one pending task for one free slot; None where there is none now.

        Shards are served in turn, and the tasks of a shard by the time since which they may run.
        """

    async def wait_for_work(self) -> None:
        """Returns when a task may be pending, after a second at the latest."""

    async def sweep(self) -> Swept:
        """Does what time demands: dead holders, expired tasks, retention. For any process."""

    async def take_notification(self) -> Notification | None:
        """Takes one notification that is due; None where there is none now.

        It is due again after `EngineSettings.notification`, unless it is settled before.
        """

    async def notified(self, notification: Notification) -> None:
        """Removes a notification that was delivered."""

    async def notify_later(self, notification: Notification, delay: Nanoseconds) -> None:
        """Makes a notification due after a delay."""

    async def undelivered_count(self) -> int:
        """Returns the number of notifications that are not delivered yet."""

    async def record_usage(self, record: UsageRecord) -> None:
        """Records the usage of a direct capture, once for each id."""

    async def usage(
        self,
        principal: str | None,
        chosen: UsageFilter = ALL_USAGE,
        *,
        page_size: int = DEFAULT_USAGE_PAGE_SIZE,
        page_token: str = "",
    ) -> UsagePage:
        """Returns a page of usage records, by the end of their captures; of all for None.

        Records of equal end have a fixed order. A page has no record twice, and none is missed
        between two pages but those written meanwhile with an earlier end.

        Raises:
            ValueOutOfRange: The token is not from a page of the same list.
        """

    async def close(self) -> None:
        """Gives up all descriptors and threads. Leases are not given back."""


def lease_clock() -> Nanoseconds:
    """Returns a time that never falls back, and goes on while the machine sleeps."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def shard_of(principal: str) -> int:
    """Returns the shard of a principal's tasks: the same in all engines and versions."""
    return int.from_bytes(sha256(principal.encode()).digest()[:8], "big") % SHARDS
