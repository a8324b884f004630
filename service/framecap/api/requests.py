"""Converts API requests to capture calls."""

from __future__ import annotations

from framecap.call import CaptureCall, form_of
from framecap.decoder.v1 import decoder_pb2
from framecap.tasks.creation import TaskRequest
from framecap.telemetry.logs import CALL_ID
from framecap.v1.snapshot_service_pb2 import (
    CaptureFramesRequest,
    CaptureImageRequest,
    ExplainCaptureRequest,
    ProbeMediaRequest,
)
from framecap.v1.task_service_pb2 import CreateTaskRequest


def capture_call(request: CaptureFramesRequest) -> CaptureCall:
    """Returns the call that captures the requested frames."""
    return CaptureCall(
        source=request.source,
        request=form_of(request),
        delivery=request.delivery,
        validate_only=request.validate_only,
        call_id=CALL_ID.get(),
    )


def image_call(request: CaptureImageRequest) -> CaptureCall:
    """Returns the call that captures one image."""
    return CaptureCall(
        source=request.source, request=form_of(request), first_only=True, call_id=CALL_ID.get()
    )


def explain_call(request: ExplainCaptureRequest) -> CaptureCall:
    """Returns the call that plans the requested capture."""
    return CaptureCall(
        source=request.source,
        request=form_of(request),
        delivery=request.delivery,
        kind=decoder_pb2.JOB_KIND_EXPLAIN,
        call_id=CALL_ID.get(),
    )


def probe_call(request: ProbeMediaRequest) -> CaptureCall:
    """Returns the call that probes a source."""
    return CaptureCall(
        source=request.source,
        request=None,
        kind=decoder_pb2.JOB_KIND_PROBE,
        call_id=CALL_ID.get(),
    )


def task_request(request: CreateTaskRequest) -> TaskRequest:
    """Returns the request for a task."""
    return TaskRequest(
        call=CaptureCall(
            source=request.source,
            request=form_of(request),
            delivery=request.delivery,
            validate_only=request.validate_only,
            call_id=CALL_ID.get(),
        ),
        request_id=request.request_id,
        labels=request.labels,
        user_data=request.user_data,
        project=request.project,
    )
