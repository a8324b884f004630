"""Gathers a stream of events into one unary response."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from google.api import httpbody_pb2

from framecap.errors import MediaCorrupt
from framecap.formats.registry import numbered
from framecap.v1 import event_pb2
from framecap.v1.event_pb2 import CaptureEvent


@dataclass(frozen=True, slots=True)
class Outline:
    """The events that precede the first image."""

    accepted: event_pb2.CaptureAccepted
    """The request as the service understood it."""

    probed: event_pb2.MediaProbed
    """The source's content."""

    planned: event_pb2.CapturePlanned
    """The decode plan; empty when it was not requested."""

    warnings: list[event_pb2.CaptureWarning]
    """The warnings that the source gave rise to."""


@dataclass(frozen=True, slots=True)
class WholeImage:
    """One whole image."""

    facts: event_pb2.FrameCaptured
    """The frame's event, without the bytes that follow it in chunks."""

    data: bytes
    """The encoded image."""

    @property
    def etag(self) -> str:
        """The image's entity tag, as HTTP writes it."""
        return f'"{self.facts.sha256}"'

    def body(self) -> httpbody_pb2.HttpBody:
        """Returns the HTTP body with which a gateway answers."""
        row = numbered(self.facts.format)
        return httpbody_pb2.HttpBody(content_type=row.media_type if row else "", data=self.data)


async def outline(events: AsyncGenerator[CaptureEvent]) -> Outline:
    """Returns the events that precede the first image.

    Raises:
        CaptureError: The capture failed.
    """
    found = Outline(
        event_pb2.CaptureAccepted(), event_pb2.MediaProbed(), event_pb2.CapturePlanned(), []
    )
    async with aclosing(events):
        async for event in events:
            match event.WhichOneof("event"):
                case "accepted":
                    found.accepted.CopyFrom(event.accepted)
                case "probed":
                    found.probed.CopyFrom(event.probed)
                case "planned":
                    found.planned.CopyFrom(event.planned)
                case "warning":
                    found.warnings.append(event.warning)
    return found


async def first_image(events: AsyncGenerator[CaptureEvent]) -> WholeImage:
    """Returns the first image of the events.

    Args:
        events: A capture's events, with inline delivery.

    Raises:
        MediaCorrupt: There is no image, for the reason the capture gives.
        CaptureError: The capture failed.
    """
    facts = None
    chunks: list[bytes] = []
    why = ""
    async with aclosing(events):
        async for event in events:
            match event.WhichOneof("event"):
                case "frame":
                    if facts is not None:
                        # A selection that finds its first frame by scores may send more.
                        break
                    facts = event.frame
                    chunks.append(facts.data)
                case "chunk":
                    chunks.append(event.chunk.data)
                case "finished":
                    why = event.finished.explanation
    if facts is None:
        raise MediaCorrupt(f"there is no image at the request's instant: {why}")
    return WholeImage(facts, b"".join(chunks))
