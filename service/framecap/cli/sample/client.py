"""An example client: makes one call, reads its events and assembles the images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import grpc

from framecap.v1 import event_pb2, snapshot_service_pb2
from framecap.v1.snapshot_service_pb2_grpc import SnapshotServiceStub

DEADLINE_SECONDS: Final = 120


@dataclass(slots=True)
class Capture:
    """The results of one call."""

    media: event_pb2.MediaProbed = field(default_factory=event_pb2.MediaProbed)
    """The source's content."""

    frames: list[event_pb2.FrameCaptured] = field(default_factory=list)
    """The images' events, in order."""

    images: list[bytearray] = field(default_factory=list)
    """The images' bytes, in the same order."""


def capture(
    channel: grpc.Channel,
    source: Path,
    text: str,
    on_progress: Callable[[event_pb2.CaptureProgress], None],
) -> Capture:
    """Captures frames of `source` for the request `text`, with inline delivery.

    Raises:
        grpc.RpcError: The service refused the request or failed.
    """
    request = snapshot_service_pb2.CaptureFramesRequest(source=str(source), text=text)
    result = Capture()
    for response in SnapshotServiceStub(channel).CaptureFrames(request, timeout=DEADLINE_SECONDS):
        event = response.event
        match event.WhichOneof("event"):
            case "probed":
                result.media = event.probed
            case "progress":
                on_progress(event.progress)
            case "frame":
                result.frames.append(event.frame)
                result.images.append(bytearray(event.frame.data))
            case "chunk":
                result.images[-1] += event.chunk.data
    return result
