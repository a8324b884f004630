"""`framecap.v1.SnapshotService`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace

from google.api import httpbody_pb2

from framecap.api.gather import first_image, outline
from framecap.api.interceptors.around import Context
from framecap.api.requests import capture_call, explain_call, image_call, probe_call
from framecap.api.settings import ApiSettings
from framecap.capture import capture
from framecap.services import Services
from framecap.v1 import snapshot_service_pb2_grpc
from framecap.v1.snapshot_service_pb2 import (
    CaptureFramesRequest,
    CaptureFramesResponse,
    CaptureImageRequest,
    ExplainCaptureRequest,
    ExplainCaptureResponse,
    ProbeMediaRequest,
    ProbeMediaResponse,
)


class SnapshotService(snapshot_service_pb2_grpc.SnapshotServiceServicer):
    """Captures frames while the caller waits.

    Args:
        services: The services that captures use.
        settings: The limits of calls.
    """

    def __init__(self, services: Services, settings: ApiSettings) -> None:
        self._services = services
        self._settings = settings

    async def CaptureFrames(
        self, request: CaptureFramesRequest, context: Context
    ) -> AsyncIterator[CaptureFramesResponse]:
        """Captures frames and streams events until the capture ends."""
        async with aclosing(capture(capture_call(request), self._services)) as events:
            async for event in events:
                yield CaptureFramesResponse(event=event)

    async def CaptureImage(
        self, request: CaptureImageRequest, context: Context
    ) -> httpbody_pb2.HttpBody:
        """Captures one image: the first that the request chooses."""
        call = replace(image_call(request), max_image_bytes=self._settings.max_unary_image_bytes)
        image = await first_image(capture(call, self._services))
        await context.send_initial_metadata((("etag", image.etag),))
        return image.body()

    async def ExplainCapture(
        self, request: ExplainCaptureRequest, context: Context
    ) -> ExplainCaptureResponse:
        """Explains how a capture would decode, without capturing."""
        found = await outline(capture(explain_call(request), self._services))
        return ExplainCaptureResponse(
            accepted=found.accepted,
            media=found.probed,
            plan=found.planned,
            warnings=found.warnings,
        )

    async def ProbeMedia(self, request: ProbeMediaRequest, context: Context) -> ProbeMediaResponse:
        """Describes the content of a source."""
        found = await outline(capture(probe_call(request), self._services))
        return ProbeMediaResponse(media=found.probed)
