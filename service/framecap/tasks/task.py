"""The values of tasks: what is submitted, what is kept, what is listed.

Times are nanoseconds since 1970 by the wall clock. A task's creation is the time in its id, in
whole milliseconds, so that the order of ids is the order of creation everywhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from google.rpc import status_pb2

from framecap.model.usage import NO_USAGE, Usage, UsageRecord
from framecap.source.pin import SourcePin
from framecap.timebase import Nanoseconds
from framecap.v1.event_pb2 import CaptureAccepted, CaptureEvent, CaptureProgress

DEFAULT_PAGE_SIZE: Final = 50
MAX_PAGE_SIZE: Final = 1000
DEFAULT_USAGE_PAGE_SIZE: Final = 100


class TaskState(IntEnum):
    """The state of a task. The numbers stand in data stores and are never changed."""

    PENDING = 1
    RUNNING = 2
    SUCCEEDED = 3
    FAILED = 4
    CANCELLED = 5

    @property
    def ended(self) -> bool:
        """True for the states that no task leaves."""
        return self >= TaskState.SUCCEEDED


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTask:
    """A submission whose request and source were checked."""

    principal: str
    """The caller's name in the configuration."""

    call_id: str
    """The id of the call that creates the task."""

    accepted: CaptureAccepted
    """The payload of the task's first event."""

    request: bytes
    """The request, as protobuf, as anyone may see it: URLs without their query."""

    work: bytes
    """The request for the worker, as protobuf. It is kept until the task ends."""

    canonical: bytes
    """The canonical request and delivery: equal for equal requests, however they are written."""

    source: str
    """The source's address without a query."""

    mode: str
    """The capture mode's name, for the usage record."""

    pin: SourcePin
    """The version of the source."""

    request_id: str = ""
    """The caller's idempotency key; empty for none."""

    labels: Mapping[str, str] = field(default_factory=dict)
    """The caller's labels."""

    user_data: str = ""
    """Returned with the task and in its notification."""

    project: str = ""
    """The project's name; empty for the principal's own."""

    topic: str = ""
    """The topic that the task's end is published to; empty for none."""

    retry_of: str = ""
    """The id of the task that this one repeats; empty for none."""

    def fingerprint(self) -> bytes:
        """Returns a digest that two submissions share exactly when their bodies are equal."""
        parts = [self.canonical, *map(str.encode, (self.source, self.user_data, self.project))]
        parts += [self.topic.encode(), self.retry_of.encode()]
        for item in sorted(self.labels.items()):
            parts += map(str.encode, item)
        digest = hashlib.sha256(b"framecap/task/1\n")
        for each in parts:
            digest.update(b"%d:" % len(each) + each)
        return digest.digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A task as its principal sees it."""

    task_id: str
    """`MediaConvert-` and a UUID of version 7."""

    event_id: str
    """The id of the notification of the task's end."""

    call_id: str
    """The id of the call that created the task."""

    principal: str
    """The name of the task's owner."""

    request: bytes
    """The request, as protobuf; URLs without their query."""

    source: str
    """The source's address without a query."""

    mode: str
    """The capture mode's name."""

    pin: SourcePin
    """The version of the source that every attempt reads."""

    labels: Mapping[str, str]
    """The caller's labels."""

    user_data: str
    """The caller's text."""

    project: str
    """The project's name; empty for the principal's own."""

    topic: str
    """The topic that the end is published to; empty for none."""

    retry_of: str
    """The id of the task that this one repeats; empty for none."""

    state: TaskState
    """The state."""

    create_time: Nanoseconds
    """The time of the submission."""

    attempt: int = 0
    """The number of the latest attempt; 0 before the first."""

    progress: CaptureProgress | None = None
    """The latest progress; None before there is any."""

    error: status_pb2.Status | None = None
    """The failure that ended the task, as in `finished`; None unless it failed."""

    start_time: Nanoseconds | None = None
    """The start of the first attempt; None before it."""

    end_time: Nanoseconds | None = None
    """The end; None before it."""

    image_count: int = 0
    """Images captured."""

    usage: Usage = NO_USAGE
    """The work of all attempts that reported."""

    dead: bool = False
    """True when the worker died in the last attempt that the task had."""

    cancel_requested: bool = False
    """True once the task's owner asked for its cancellation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """The result of the attempt that ends a task."""

    events: tuple[CaptureEvent, ...]
    """The last events of the log; the very last is `finished`, whose status decides the state."""

    image_count: int = 0
    """Images captured."""

    usage: Usage = NO_USAGE
    """The work of this attempt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFilter:
    """The tasks that a list contains: those for which every field holds."""

    states: frozenset[TaskState] = frozenset()
    """The states; empty for all."""

    source_prefix: str = ""
    """The beginning of the source's address."""

    created_from: Nanoseconds | None = None
    """The earliest creation."""

    created_before: Nanoseconds | None = None
    """The time that the creation precedes."""

    dead: bool = False
    """True for dead tasks only."""


ALL: Final = TaskFilter()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A part of a list, newest first."""

    tasks: tuple[Task, ...]
    """The tasks. There may be fewer than asked for, or none, although more follow."""

    next_page_token: str = ""
    """Continues the list; empty at its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """A message that says that a task ended, until it is delivered."""

    event_id: str
    """The message's id, the same at every delivery."""

    topic: str
    """The name of the topic."""

    body: bytes
    """The envelope."""

    delivery: int
    """The number of this delivery, from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageFilter:
    """The usage records that a list contains: those for which every field holds."""

    ended_from: Nanoseconds | None = None
    """The earliest end."""

    ended_before: Nanoseconds | None = None
    """The time that the end precedes."""


ALL_USAGE: Final = UsageFilter()


@dataclass(frozen=True, slots=True, kw_only=True)
class UsagePage:
    """A part of a list of usage records, by the end of their captures."""

    records: tuple[UsageRecord, ...]
    """The records. There may be fewer than asked for, or none, although more follow."""

    next_page_token: str = ""
    """Continues the list; empty at its end."""
