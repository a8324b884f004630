"""Tasks and their lists, from and to protobuf."""

from __future__ import annotations

from framecap.events import messages
from framecap.tasks import fields
from framecap.tasks.task import Task, TaskFilter, TaskState
from framecap.timebase import Nanoseconds
from framecap.v1 import task_service_pb2 as pb
from framecap.v1.event_pb2 import CaptureAccepted
from framecap.values.instants import instant, timestamp

STATES = {
    TaskState.PENDING: pb.TASK_STATE_PENDING,
    TaskState.RUNNING: pb.TASK_STATE_RUNNING,
    TaskState.SUCCEEDED: pb.TASK_STATE_SUCCEEDED,
    TaskState.FAILED: pb.TASK_STATE_FAILED,
    TaskState.CANCELLED: pb.TASK_STATE_CANCELLED,
}


def task_message(task: Task) -> pb.Task:
    """Returns a task as its owner sees it."""
    message = pb.Task(
        task_id=task.task_id,
        event_id=task.event_id,
        call_id=task.call_id,
        state=STATES[task.state],
        accepted=CaptureAccepted.FromString(task.request),
        labels=task.labels,
        user_data=task.user_data,
        project=task.project,
        retry_of=task.retry_of,
        attempt=task.attempt,
        progress=task.progress,
        create_time=timestamp(task.create_time),
        error=task.error,
        usage=messages.usage(task.usage, task.image_count),
        dead=task.dead,
        cancel_requested=task.cancel_requested,
    )
    if task.start_time is not None:
        message.start_time.CopyFrom(timestamp(task.start_time))
    if task.end_time is not None:
        message.end_time.CopyFrom(timestamp(task.end_time))
    return message


def task_filter(request: pb.ListTasksRequest) -> TaskFilter:
    """Returns the filter of a list.

    Raises:
        ValueOutOfRange: A field has a value that it cannot have.
    """
    return TaskFilter(
        states=fields.states(request.states),
        source_prefix=request.source_prefix,
        created_from=_instant(request, "created_from"),
        created_before=_instant(request, "created_before"),
        dead=request.dead,
    )


def _instant(request: pb.ListTasksRequest, field: str) -> Nanoseconds | None:
    return instant(field, getattr(request, field)) if request.HasField(field) else None
