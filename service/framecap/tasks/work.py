"""The work of a task: the request as its worker reads it, the source's query included."""

from __future__ import annotations

from framecap.call import CaptureCall, form_of
from framecap.tasks.task import Task
from framecap.v1.capture_pb2 import CaptureSpec, OutputList
from framecap.v1.snapshot_service_pb2 import CaptureFramesRequest


def written(call: CaptureCall) -> bytes:
    """Returns the work of a task that a call creates: its request in its given form."""
    message = CaptureFramesRequest(source=call.source, delivery=call.delivery)
    match call.request:
        case str():
            message.text = call.request
        case CaptureSpec():
            message.spec.CopyFrom(call.request)
        case OutputList():
            message.outputs.CopyFrom(call.request)
    return message.SerializeToString()


def call_of(task: Task, work: bytes) -> CaptureCall:
    """Returns the call that captures a task's work."""
    message = CaptureFramesRequest.FromString(work)
    return CaptureCall(
        source=message.source,
        request=form_of(message),
        delivery=message.delivery,
        background=True,
        principal=task.principal,
        call_id=task.call_id,
    )
