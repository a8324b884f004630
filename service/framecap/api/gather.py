"""Streams of events as single answers."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from google.api import httpbody_pb2

from framecap.errors import LimitExceeded, MediaCorrupt
from framecap.formats.registry import numbered
from framecap.v1 import event_pb2
from framecap.v1.event_pb2 import CaptureEvent


@dataclass(frozen=True, slots=True)
class Outline:
    """What is known before the first image."""

    accepted: event_pb2.CaptureAccepted
    """What the request was taken to mean."""

    probed: event_pb2.MediaProbed
    """What the source contains."""

    planned: event_pb2.CapturePlanned
    """How the capture would decode; empty when it was not asked for."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One whole image."""

    facts: event_pb2.FrameCaptured
    """What is known about it."""

    data: bytes
    """The encoded image."""

    @property
    def etag(self) -> str:
        """The image's entity tag, as HTTP writes it."""
        return f'"{self.facts.sha256}"'

    def body(self) -> httpbody_pb2.HttpBody:
        """Returns the image as a gateway answers with it."""
        row = numbered(self.facts.format)
        return httpbody_pb2.HttpBody(content_type=row.media_type if row else "", data=self.data)


async def outline(events: AsyncGenerator[CaptureEvent]) -> Outline:
    """Returns what the events tell before the first image.

    Raises:
        CaptureError: The capture failed.
    """
    found = Outline(
        event_pb2.CaptureAccepted(), event_pb2.MediaProbed(), event_pb2.CapturePlanned()
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
    return found


async def first_picture(events: AsyncGenerator[CaptureEvent], max_bytes: int) -> Picture:
    """Returns the first image of the events.

    Args:
        events: A capture's, delivered inline.
        max_bytes: The largest image that may be answered with.

    Raises:
        LimitExceeded: The image is larger.
        MediaCorrupt: There is no image, for the reason the capture gives.
        CaptureError: The capture failed.
    """
    facts = None
    parts: list[bytes] = []
    why = ""
    async with aclosing(events):
        async for event in events:
            match event.WhichOneof("event"):
                case "frame":
                    facts = event.frame
                    _check_size(facts.size_bytes, max_bytes)
                    parts.append(facts.data)
                case "chunk":
                    parts.append(event.chunk.data)
                case "finished":
                    why = event.finished.explanation
    if facts is None:
        raise MediaCorrupt(f"there is no image at the request's instant: {why}")
    return Picture(facts, b"".join(parts))


def _check_size(size: int, limit: int) -> None:
    if size > limit:
        raise LimitExceeded(
            f"the image has {size} bytes, more than the {limit} that one answer carries; ask for a "
            "smaller box or for jpg, or use CaptureFrames, which sends images in parts",
            metadata={"actual": str(size), "limit": str(limit)},
        )
