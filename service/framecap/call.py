"""A caller's request, and its interpretation: `CaptureCall`, `understand`, `accepted`, `job`."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias
from uuid import uuid4

from framecap.attempt import Attempt
from framecap.decoder.v1 import decoder_pb2
from framecap.errors import DeliveryConflict, LimitExceeded, OptionMissing
from framecap.events import messages
from framecap.model.capture import CaptureWarning
from framecap.model.names import shown, unprintable_name
from framecap.model.spec import (
    PROBE,
    CaptureSpec,
    ShrinkFilter,
)
from framecap.modes.registry import mode_of
from framecap.outputs import registry
from framecap.sink.naming import SourceName
from framecap.source.address import FileAddress, ObjectAddress, SourceAddress, UrlAddress, file_name
from framecap.source.opened import OpenSource
from framecap.spec import outputs, structured, text
from framecap.spec.format import format_text
from framecap.spec.key import key as key_of
from framecap.spec.request import WITHOUT_EFFECT, ParsedRequest
from framecap.v1 import capture_pb2, event_pb2
from framecap.v1.snapshot_service_pb2 import (
    CaptureFramesRequest,
    CaptureImageRequest,
    ExplainCaptureRequest,
)
from framecap.v1.task_service_pb2 import CreateTaskRequest

RequestForm: TypeAlias = str | capture_pb2.CaptureSpec | capture_pb2.OutputList
"""A request as text, structured, or as named outputs."""

ANYONE: Final = "anonymous"
"""The principal of a call whose caller has no name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureCall:
    """One call: the source, the request, and the caller."""

    source: str
    """The video's address."""

    request: RequestForm | None
    """The request, as text, structured or as named outputs; None when there is none."""

    delivery: capture_pb2.Delivery | None = None
    """The destination of the images, if it is given beside the request."""

    kind: decoder_pb2.JobKind = decoder_pb2.JOB_KIND_CAPTURE
    """The kind of the decoder's job: the capture, only its plan, or only the probe."""

    shrink_filter: ShrinkFilter | None = None
    """Replaces the request's shrink filter, which the text form cannot set; None keeps it."""

    first_only: bool = False
    """True to capture only the first image that the request chooses."""

    max_image_bytes: int | None = None
    """The size of the largest image that fits the answer; None where images are sent in parts."""

    validate_only: bool = False
    """True to end after `accepted`, without opening the source."""

    background: bool = False
    """True for a task's capture, whose end is published to a topic."""

    attempt: Attempt | None = None
    """The attempt at a task that the capture is; None for a direct one."""

    principal: str = ANYONE
    """The caller's name in the configuration."""

    call_id: str = field(default_factory=lambda: str(uuid4()))
    """Identifies the call in answers and logs."""


def form_of(
    request: CaptureFramesRequest | CaptureImageRequest | ExplainCaptureRequest | CreateTaskRequest,
) -> RequestForm | None:
    """Returns the request in the form that is set; None when none is."""
    match request.WhichOneof("request"):
        case "text":
            return request.text
        case "spec":
            return request.spec
        case "outputs" if not isinstance(request, CaptureImageRequest):
            return request.outputs
    return None


def understand(call: CaptureCall, enabled: Collection[str]) -> ParsedRequest:
    """Returns a call's request, parsed and validated.

    Args:
        call: The call.
        enabled: The names of the installed selections that the operator enabled.

    Raises:
        RequestError: The request is invalid for every source.
    """
    if call.request is None:
        if call.kind == decoder_pb2.JOB_KIND_PROBE:
            return ParsedRequest(spec=PROBE, warnings=())
        raise OptionMissing("request: neither text nor spec nor outputs is set", field="request")
    if isinstance(call.request, str):
        parsed = structured.with_delivery(text.parse(call.request), call.delivery)
    elif isinstance(call.request, capture_pb2.OutputList):
        parsed = outputs.from_proto(call.request, call.delivery)
    else:
        parsed = structured.from_proto(call.request, call.delivery)
    mode_of(parsed.spec.selection).check_enabled(parsed.spec.selection, enabled)
    if call.shrink_filter is not None:
        parsed = replace(parsed, spec=replace(parsed.spec, shrink_filter=call.shrink_filter))
    if call.first_only:
        return replace(parsed, spec=first_only(parsed.spec))
    if parsed.spec.notify_topic is not None and not call.background:
        unpublished = CaptureWarning(
            reason=WITHOUT_EFFECT,
            message="notify: without effect; only a task publishes its end to a topic",
            metadata={"option": "notify"},
        )
        return replace(parsed, warnings=(*parsed.warnings, unpublished))
    return parsed


def first_only(spec: CaptureSpec) -> CaptureSpec:
    """Returns the request for only the first image that `spec` chooses.

    Raises:
        DeliveryConflict: The request has a destination, but the answer is the image itself.
    """
    if spec.destination is not None or spec.notify_topic is not None:
        action = "sys/saveas" if spec.destination is not None else "notify"
        raise DeliveryConflict(
            f"request: {action} is refused where the answer is the image itself",
            field="request",
            metadata={"action": action},
        )
    selection = mode_of(spec.selection).first_only(spec.selection)
    return replace(spec, selection=selection)


def accepted(
    call: CaptureCall, parsed: ParsedRequest, source: str, warnings: Iterable[CaptureWarning]
) -> event_pb2.CaptureAccepted:
    """Returns the payload of `accepted`, which shows how a request was interpreted.

    Args:
        call: The call.
        parsed: The parsed request.
        source: The source as events show it.
        warnings: Warnings besides those of the parsed request.
    """
    spec, delivery = structured.to_proto(parsed.spec)
    kind = registry.written(parsed.kind)
    return event_pb2.CaptureAccepted(
        call_id=call.call_id,
        source=source,
        text=format_text(parsed.spec) or "",
        spec=spec,
        delivery=delivery,
        key=key_of(parsed.spec, parsed.kind),
        output=parsed.output,
        output_kind=kind if kind.ByteSize() else None,
        warnings=[messages.warning(warning) for warning in (*parsed.warnings, *warnings)],
    )


def check_size(call: CaptureCall, size: int) -> None:
    """Checks that an image of `size` bytes fits the answer to a call.

    Raises:
        LimitExceeded: It does not.
    """
    limit = call.max_image_bytes
    if limit is not None and size > limit:
        raise LimitExceeded(
            f"the image has {size} bytes, more than the {limit} that one answer carries; ask for a "
            "smaller box or for jpg, or use CaptureFrames, which sends images in parts",
            metadata={"actual": str(size), "limit": str(limit)},
        )


def source_name(source: SourceAddress | OpenSource) -> SourceName:
    """Returns the fields of a source that image names may use.

    Only an open source has a modification time.
    """
    match source:
        case OpenSource(bucket=bucket, key=key, last_modified=changed):
            return SourceName(bucket=bucket, key=key, last_modified=changed)
        case ObjectAddress(bucket=bucket, key=key):
            return SourceName(bucket=bucket, key=key)
        case FileAddress(path=path):
            # The file may have a name that no image can have.
            return SourceName(bucket=None, key=file_name(path))
        case UrlAddress(public_name=name):
            return SourceName(bucket=None, key=posixpath.basename(name))


def name_warnings(address: SourceAddress) -> tuple[CaptureWarning, ...]:
    """Returns a warning when images cannot be named after their source."""
    if not isinstance(address, FileAddress):
        return ()
    fault = unprintable_name(posixpath.basename(address.path))
    if fault is None:
        return ()
    name = file_name(address.path)
    return (
        CaptureWarning(
            reason="NAME_CHANGED",
            message=(
                f"source: the file's name has {fault}, so the images are named after"
                f" {shown(name)}; rename the file to name them otherwise"
            ),
            metadata={"fault": fault, "name": name},
        ),
    )


def job(call: CaptureCall, parsed: ParsedRequest, source: OpenSource) -> decoder_pb2.Job:
    """Returns the job to send to a decoder."""
    message = None
    if call.kind != decoder_pb2.JOB_KIND_PROBE:
        message, _ = structured.to_proto(parsed.spec)
    resumed = None
    if call.attempt is not None and call.attempt.earlier is not None:
        point = call.attempt.earlier.point
        resumed = decoder_pb2.Resume(
            captured_count=point.captured_count,
            answered_count=point.answered_count,
            damaged_count=point.damaged_count,
            pts=point.pts,
            time_base=messages.rational(point.time_base),
        )
    return decoder_pb2.Job(
        kind=call.kind,
        spec=message,
        output=registry.written(parsed.kind),
        source_size=source.size,
        remote=source.reader is not None,
        refers=source.refer is not None,
        resume=resumed,
    )


def mode(call: CaptureCall, spec: CaptureSpec) -> str:
    """Returns the name that metrics count the call under: the mode, or `explain` or `probe`."""
    if call.kind == decoder_pb2.JOB_KIND_CAPTURE:
        return mode_of(spec.selection).name
    return decoder_pb2.JobKind.Name(call.kind).removeprefix("JOB_KIND_").lower()
