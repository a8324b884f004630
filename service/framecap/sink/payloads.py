"""Where images go, as the spine sees it."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Final, Protocol, TypeAlias

from framecap.timebase import Nanoseconds
from framecap.v1 import event_pb2

Data: TypeAlias = bytes | memoryview
"""What an object holds: in memory, or of a file."""

SinkPayload: TypeAlias = event_pb2.FrameCaptured | event_pb2.ImageChunk | event_pb2.CaptureWarning

# From here on, hashing takes longer than the loop should be held up.
LARGE_BYTES: Final = 1 << 20


class Sink(Protocol):
    """Takes the images of one capture, in order, and says what may be told about them.

    The order of calls: `begin`, `deliver` per image, `finish` when no more images come (also when
    the media failed midway, so that what was captured is told), `store_manifest` where one was
    asked for and all went well, and `close` always, last. A capture that is cancelled is closed
    without `finish`.
    """

    def begin(self, stream_ordinal: int) -> None:
        """Takes note of the stream's ordinal among the video streams that are not covers.

        Raises:
            RequestError: With it, the manifest cannot have the name that was asked for.
        """
        ...

    async def deliver(self, frame: event_pb2.FrameCaptured, data: bytes) -> list[SinkPayload]:
        """Takes an image and returns what may now be told, in `index` order.

        Args:
            frame: The facts; size, SHA-256 and place are added to a copy.
            data: The encoded image.

        Raises:
            TargetInvalid: There is something at the key that is not an object.
            TargetNotAllowed: The store does not take it.
            BucketNotFound: There is no such bucket.
            SinkUnreachable: An image could not be stored, for now.
        """
        ...

    @property
    def uploading(self) -> asyncio.Future[str] | None:
        """Done once `ready` returns more images, or raises; None while none is on its way."""
        ...

    def ready(self) -> list[SinkPayload]:
        """Returns what may be told by now, without waiting.

        Raises:
            CaptureError: As `deliver`.
        """
        ...

    async def finish(self) -> list[SinkPayload]:
        """Stores what was held back and returns what may now be told.

        Raises:
            TargetInvalid: As `deliver`.
            SinkUnreachable: As `deliver`.
        """
        ...

    async def store_manifest(self, data: Data) -> str:
        """Stores the manifest, once `finish` has told all images, and returns its URI.

        Raises:
            TargetInvalid: As `deliver`.
            SinkUnreachable: As `deliver`.
        """
        ...

    @property
    def upload_time(self) -> Nanoseconds:
        """How long storing took so far, objects stored side by side each counted."""

    async def close(self) -> None:
        """Removes whatever is half-written. Closing again does nothing."""
        ...


async def measured(frame: event_pb2.FrameCaptured, data: bytes) -> event_pb2.FrameCaptured:
    """Returns a copy of the facts with the size and SHA-256 of `data`."""
    hashed = event_pb2.FrameCaptured()
    hashed.CopyFrom(frame)
    hashed.size_bytes = len(data)
    if len(data) >= LARGE_BYTES:
        hashed.sha256 = await asyncio.to_thread(_sha256, data)
    else:
        hashed.sha256 = _sha256(data)
    return hashed


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
