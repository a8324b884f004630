"""Creation of tasks: from a caller's request through all checks to an engine.

1 request      checked_request.py    as that of a direct capture
2 fields       tasks/fields.py       those that only tasks have; a bucket for the images
3 topic        `check_topic`         the topic to notify
4 request id   the engine            a repeat is answered with its first task
5 source       source/sources.py     one request to its store: it is there, and is pinned
6 submission   the engine            the task is durable
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from framecap.call import CaptureCall, mode
from framecap.checked_request import CheckedRequest, check_request
from framecap.errors import DeliveryRequired
from framecap.events import messages
from framecap.model.capture import CaptureWarning
from framecap.model.names import shown
from framecap.services import Services
from framecap.source.pin import SourcePin
from framecap.tasks import fields, work
from framecap.tasks.engine import TaskEngine
from framecap.tasks.task import NewTask, Task
from framecap.v1.event_pb2 import CaptureAccepted

CheckTopic: TypeAlias = Callable[[str], None]
"""Returns if a topic may be notified; raises `TopicNotFound` if not."""

VERSION_UNKNOWN: Final = "SOURCE_VERSION_UNKNOWN"
"""The reason of a warning that changes of a source may not be noticed."""

UNPINNED: Final = SourcePin()


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRequest:
    """A request for a task."""

    call: CaptureCall
    """The capture."""

    request_id: str = ""
    """The caller's idempotency key; empty for none."""

    labels: Mapping[str, str] = field(default_factory=dict)
    """The caller's labels."""

    user_data: str = ""
    """The caller's text."""

    project: str = ""
    """The project; empty for the principal's own."""

    retry_of: str = ""
    """The task that this one repeats; empty for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """The answer to a request for a task."""

    task: Task | None
    """The task, the first one's where the request is a repeat; None when it was only checked."""

    accepted: CaptureAccepted
    """The request as it was understood."""


class TaskCreation:
    """Creates tasks.

    Args:
        engine: Keeps the tasks.
        services: The services that captures use.
        check_topic: Checks the topic to notify.
    """

    def __init__(self, engine: TaskEngine, services: Services, check_topic: CheckTopic) -> None:
        self._engine = engine
        self._services = services
        self._check_topic = check_topic

    async def create(self, request: TaskRequest) -> Created:
        """Creates a task, unless its request is a repeat or only to be checked.

        Raises:
            CaptureError: The request is refused.
        """
        call = replace(request.call, background=True)
        checked = check_request(call, self._services)
        new = _new_task(replace(request, call=call), checked)
        if new.topic:
            self._check_topic(new.topic)
        self._services.admission.check()
        if new.request_id and not call.validate_only:
            # Before the source is looked for, which may be gone since the first request.
            first = await self._engine.first_of(new)
            if first is not None:
                return _answer(first)
        new = _pinned(new, await self._services.sources.pin(checked.address))
        if call.validate_only:
            return Created(task=None, accepted=new.accepted)
        return _answer((await self._engine.submit(new)).task)


def _answer(task: Task) -> Created:
    return Created(task=task, accepted=CaptureAccepted.FromString(task.request))


def _new_task(request: TaskRequest, checked: CheckedRequest) -> NewTask:
    """Returns the submission, whose source is not pinned yet.

    Raises:
        RequestError: A field is not valid, or there is no bucket for the images.
    """
    spec, accepted, call = checked.parsed.spec, checked.accepted, request.call
    if spec.destination is None:
        raise DeliveryRequired(
            "delivery: a task stores its images, and no bucket is named for them; set"
            " delivery.object, or add sys/saveas to the text",
            field="delivery",
        )
    return NewTask(
        principal=call.principal,
        call_id=call.call_id,
        accepted=accepted,
        request=accepted.SerializeToString(),
        work=work.written(call),
        canonical=_canonical(accepted),
        source=accepted.source,
        mode=mode(call, spec),
        pin=UNPINNED,
        request_id=fields.request_id(request.request_id),
        labels=fields.labels(request.labels),
        user_data=fields.user_data(request.user_data),
        project=fields.project(request.project),
        topic=spec.notify_topic or "",
        retry_of=request.retry_of,
    )


def _canonical(accepted: CaptureAccepted) -> bytes:
    """Returns what equal requests have in common: meaning, output's name and delivery."""
    return CaptureAccepted(
        key=accepted.key, output=accepted.output, delivery=accepted.delivery
    ).SerializeToString(deterministic=True)


def _pinned(new: NewTask, pin: SourcePin) -> NewTask:
    """Returns the submission with the version of its source, and a warning if that says little."""
    if pin.by_size_alone:
        warning = CaptureWarning(
            reason=VERSION_UNKNOWN,
            message=(
                f"source: the server of {shown(new.source)} states neither version nor time of"
                " change, so a change after now is noticed only if it changes the size"
            ),
            metadata={"source": new.source},
        )
        new.accepted.warnings.append(messages.warning(warning))
    return replace(new, pin=pin, request=new.accepted.SerializeToString())
