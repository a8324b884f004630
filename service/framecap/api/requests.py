"""Converts API requests to capture calls."""

from __future__ import annotations

from framecap.call import CaptureCall
from framecap.decoder.v1 import decoder_pb2
from framecap.telemetry.logs import CALL_ID
from framecap.v1 import capture_pb2
from framecap.v1.snapshot_service_pb2 import (
    CaptureFramesRequest,
    CaptureImageRequest,
    ExplainCaptureRequest,
    ProbeMediaRequest,
)


def capture_call(request: CaptureFramesRequest) -> CaptureCall:
    """Returns the call that captures the requested frames."""
    return CaptureCall(
        source=request.source,
        request=request_of(request),
        delivery=request.delivery,
        validate_only=request.validate_only,
        call_id=CALL_ID.get(),
    )


def image_call(request: CaptureImageRequest) -> CaptureCall:
    """Returns the call that captures one image."""
    return CaptureCall(
        source=request.source, request=request_of(request), first_only=True, call_id=CALL_ID.get()
    )


def explain_call(request: ExplainCaptureRequest) -> CaptureCall:
    """Returns the call that plans the requested capture."""
    return CaptureCall(
        source=request.source,
        request=request_of(request),
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


def request_of(
    request: CaptureFramesRequest | CaptureImageRequest | ExplainCaptureRequest,
) -> str | capture_pb2.CaptureSpec | capture_pb2.OutputList | None:
    """Returns the request in the form that is set; None when none is."""
    match request.WhichOneof("request"):
        case "text":
            return request.text
        case "spec":
            return request.spec
        case "outputs" if not isinstance(request, CaptureImageRequest):
            return request.outputs
    return None
