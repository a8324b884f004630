"""The sink of a capture's images, as `capture.py` uses it."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias, TypeVar

from framecap.sink.terms import DIRECT, WriteTerms
from framecap.timebase import Nanoseconds
from framecap.v1 import event_pb2

Data: TypeAlias = bytes | memoryview
"""The content of an object: in memory, or a mapped file."""

SinkPayload: TypeAlias = (
    event_pb2.FrameCaptured | event_pb2.OutputFile | event_pb2.ImageChunk | event_pb2.CaptureWarning
)
"""A payload of the event stream that a sink returns."""

Facts = TypeVar("Facts", event_pb2.FrameCaptured, event_pb2.OutputFile)
"""The facts about an image or an output's file."""

# Hashing more bytes would block the event loop for too long.
LARGE_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The cost of storing so far."""

    bytes: int = 0
    """Bytes of images, files and manifests that a store has taken."""

    requests: int = 0
    """Sent requests, repeated ones included; a directory takes none."""


class Sink(Protocol):
    """Receives the images of one capture, in order, and returns payloads of the event stream.

    The order of calls: `begin`; `deliver` per image, `deliver_file` per file; `finish` after the
    last of them (also when the media failed midway, so that the captured images are reported);
    `store_manifest` if one was requested and all went well; `close` always, last. A cancelled
    capture is closed without `finish`.
    """

    def begin(self, stream_ordinal: int, terms: WriteTerms = DIRECT) -> None:
        """Receives what is known before the first image.

        Args:
            stream_ordinal: The stream's ordinal among the video streams that are not covers.
            terms: The terms on which objects are stored.

        Raises:
            RequestError: With this ordinal, the manifest cannot have the requested name.
        """
        ...

    async def deliver(self, frame: event_pb2.FrameCaptured, data: bytes) -> list[SinkPayload]:
        """Receives an image and returns the payloads that are ready, in `index` order.

        Args:
            frame: The facts; size, SHA-256 and URI are added to a copy.
            data: The encoded image.

        Raises:
            TargetInvalid: There is something at the key that is not an object.
            TargetNotAllowed: The store refuses it.
            BucketNotFound: There is no such bucket.
            SinkUnreachable: An image could not be stored, for now.
        """
        ...

    async def deliver_file(self, file: event_pb2.OutputFile, data: bytes) -> list[SinkPayload]:
        """Receives a file of several frames and returns its payloads.

        Args:
            file: The facts; size, SHA-256 and URI are added to a copy.
            data: The file.

        Raises:
            TargetInvalid: As `deliver`.
            SinkUnreachable: As `deliver`.
        """
        ...

    @property
    def uploading(self) -> asyncio.Future[str] | None:
        """Done once `ready` returns more images, or raises; None while no upload runs."""
        ...

    def ready(self) -> list[SinkPayload]:
        """Returns the payloads that are ready, without waiting.

        Raises:
            CaptureError: As `deliver`.
        """
        ...

    async def finish(self) -> list[SinkPayload]:
        """Stores the image that was held back and returns the remaining payloads.

        Raises:
            TargetInvalid: As `deliver`.
            SinkUnreachable: As `deliver`.
        """
        ...

    async def store_manifest(self, data: Data) -> str:
        """Stores the manifest, after `finish` has returned all images, and returns its URI.

        Raises:
            TargetInvalid: As `deliver`.
            SinkUnreachable: As `deliver`.
        """
        ...

    @property
    def upload_time(self) -> Nanoseconds:
        """The time spent storing so far, summed over concurrent uploads."""

    @property
    def written(self) -> Written:
        """The cost of storing so far."""

    async def close(self) -> None:
        """Removes half-written objects. Closing again does nothing."""
        ...


async def measured(facts: Facts, data: bytes) -> Facts:
    """Returns a copy of the facts with the size and SHA-256 of `data`."""
    hashed = type(facts)()
    hashed.CopyFrom(facts)
    hashed.size_bytes = len(data)
    if len(data) >= LARGE_BYTES:
        hashed.sha256 = await asyncio.to_thread(_sha256, data)
    else:
        hashed.sha256 = _sha256(data)
    return hashed


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
