"""Images inside the events."""

from __future__ import annotations

import asyncio
from typing import Final

from framecap.sink.payloads import Data, SinkPayload, measured
from framecap.timebase import Nanoseconds
from framecap.v1 import event_pb2

MAX_MESSAGE_BYTES: Final = 512 * 1024

# What the facts, the event and the response around the bytes may take: ten times what they do.
HEADROOM_BYTES: Final = 4096

PART_BYTES: Final = MAX_MESSAGE_BYTES - HEADROOM_BYTES


class InlineSink:
    """Sends images inside the events, in parts that keep every message at 512 KiB or less."""

    def begin(self, stream_ordinal: int) -> None:
        """Does nothing: images that travel inside events have no names."""

    async def deliver(self, frame: event_pb2.FrameCaptured, data: bytes) -> list[SinkPayload]:
        """Returns the frame with the first part of its bytes, then the other parts."""
        told = await measured(frame, data)
        told.data = data[:PART_BYTES]
        rest = range(PART_BYTES, len(data), PART_BYTES)
        return [
            told,
            *(
                event_pb2.ImageChunk(
                    index=told.index,
                    offset=offset,
                    data=data[offset : offset + PART_BYTES],
                    output=told.output,
                )
                for offset in rest
            ),
        ]

    @property
    def uploading(self) -> asyncio.Future[str] | None:
        """Nothing is on its way."""
        return None

    def ready(self) -> list[SinkPayload]:
        """Returns nothing: nothing is on its way."""
        return []

    async def finish(self) -> list[SinkPayload]:
        """Returns nothing: nothing is held back."""
        return []

    async def store_manifest(self, data: Data) -> str:
        """Is never called: a manifest is only asked for beside objects."""
        raise NotImplementedError

    @property
    def upload_time(self) -> Nanoseconds:
        """Nothing is stored."""
        return 0

    async def close(self) -> None:
        """Does nothing: nothing is written."""
