"""The request of an ended task, to be made again."""

from __future__ import annotations

from framecap.call import CaptureCall, RequestForm
from framecap.errors import TaskNotEnded
from framecap.model.names import shown
from framecap.services import Services
from framecap.source.address import FIELD
from framecap.tasks.creation import TaskRequest
from framecap.tasks.task import Task
from framecap.v1.capture_pb2 import Output, OutputList
from framecap.v1.event_pb2 import CaptureAccepted
from framecap.values import checks


def retry_request(
    task: Task, services: Services, *, call_id: str, request_id: str, source: str
) -> TaskRequest:
    """Returns the request for a new task like an ended one.

    Args:
        task: The ended task.
        services: Reads addresses.
        call_id: The id of the call that creates the new task.
        request_id: The new task's idempotency key; empty for none.
        source: The source with its query; empty for the source as the task shows it.

    Raises:
        TaskNotEnded: The task has not ended.
        ValueOutOfRange: `source` is another source.
        SourceInvalid: `source` is no address.
    """
    if not task.state.ended:
        raise TaskNotEnded(
            f"the task {task.task_id} has not ended; wait for its end, or cancel it first",
            metadata={"task": task.task_id, "state": task.state.name},
        )
    accepted = CaptureAccepted.FromString(task.request)
    call = CaptureCall(
        source=_same_source(task, services, source) if source else task.source,
        request=_form(accepted),
        delivery=accepted.delivery,
        principal=task.principal,
        call_id=call_id,
    )
    return TaskRequest(
        call=call,
        request_id=request_id,
        labels=task.labels,
        user_data=task.user_data,
        project=task.project,
        retry_of=task.task_id,
    )


def _form(accepted: CaptureAccepted) -> RequestForm:
    """Returns the request that `accepted` describes."""
    if not accepted.output:
        return accepted.spec
    output = Output(name=accepted.output, spec=accepted.spec)
    output.MergeFrom(accepted.output_kind)
    if output.WhichOneof("kind") is None:
        output.images.SetInParent()
    return OutputList(outputs=[output])


def _same_source(task: Task, services: Services, source: str) -> str:
    name = services.read_address(source).public_name
    if name != task.source:
        allowed = f"{shown(task.source)}, with or without a query"
        raise checks.refused(FIELD, shown(name), f"is not {allowed}", allowed)
    return source
