"""What the end of a task means, for every engine."""

from __future__ import annotations

from collections.abc import Sequence

from google.rpc import status_pb2

from framecap.errors import CaptureError, Code
from framecap.events.status import error_info
from framecap.model.usage import SUCCESS, UsageRecord
from framecap.tasks.task import Task, TaskState
from framecap.timebase import Nanoseconds
from framecap.v1.event_pb2 import CaptureEvent, CaptureFinished


def finished_of(events: Sequence[CaptureEvent]) -> CaptureFinished:
    """Returns the `finished` that ends a log.

    Raises:
        ValueError: The last event is another.
    """
    if not events or not events[-1].HasField("finished"):
        raise ValueError("the last event of a task is finished")
    return events[-1].finished


def state_of(finished: CaptureFinished) -> TaskState:
    """Returns the state of a task that ended so."""
    if finished.status.code == Code.OK:
        return TaskState.SUCCEEDED
    return TaskState.CANCELLED if finished.status.code == Code.CANCELLED else TaskState.FAILED


def reason_of(status: status_pb2.Status) -> str:
    """Returns the stable reason in a status; `OK` for success."""
    if status.code == Code.OK:
        return SUCCESS
    return error_info(status).reason or CaptureError.reason


def usage_record(task: Task, finished: CaptureFinished, end_time: Nanoseconds) -> UsageRecord:
    """Returns the usage record of an ended task."""
    return UsageRecord(
        record_id=task.task_id,
        principal=task.principal,
        source=task.source,
        mode=task.mode,
        outcome=reason_of(finished.status),
        image_count=task.image_count,
        usage=task.usage,
        end_time=end_time,
    )
