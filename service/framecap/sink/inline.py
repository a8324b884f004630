"""Sends images inside the events."""

from __future__ import annotations

import asyncio
from typing import Final

from framecap.sink.payloads import Data, Facts, SinkPayload, Written, measured
from framecap.sink.terms import DIRECT, WriteTerms
from framecap.timebase import Nanoseconds
from framecap.v1 import event_pb2

MAX_MESSAGE_BYTES: Final = 512 * 1024

# Room for the facts, the event and the response around the bytes: ten times their usual size.
HEADROOM_BYTES: Final = 4096

CHUNK_BYTES: Final = MAX_MESSAGE_BYTES - HEADROOM_BYTES


class InlineSink:
    """Sends images inside the events, in chunks that keep every message at 512 KiB or less."""

    def begin(self, stream_ordinal: int, terms: WriteTerms = DIRECT) -> None:
        """Does nothing: images that travel inside events have no names."""

    async def deliver(self, frame: event_pb2.FrameCaptured, data: bytes) -> list[SinkPayload]:
        """Returns the frame with its first chunk, then the other chunks."""
        return await _sent(frame, data)

    async def deliver_file(self, file: event_pb2.OutputFile, data: bytes) -> list[SinkPayload]:
        """Returns the file with its first chunk, then the other chunks."""
        return await _sent(file, data)

    @property
    def uploading(self) -> asyncio.Future[str] | None:
        """No upload runs."""
        return None

    def ready(self) -> list[SinkPayload]:
        """Returns nothing: `deliver` returned all payloads."""
        return []

    async def finish(self) -> list[SinkPayload]:
        """Returns nothing: no image is held back."""
        return []

    async def store_manifest(self, data: Data) -> str:
        """Is never called: only captures into buckets have a manifest."""
        raise NotImplementedError

    @property
    def upload_time(self) -> Nanoseconds:
        """Nothing is stored."""
        return 0

    @property
    def written(self) -> Written:
        """Nothing is stored."""
        return Written()

    async def close(self) -> None:
        """Does nothing: nothing is written."""


async def _sent(facts: Facts, data: bytes) -> list[SinkPayload]:
    first: Facts = await measured(facts, data)
    first.data = data[:CHUNK_BYTES]
    return [
        first,
        *(
            event_pb2.ImageChunk(
                index=first.index,
                offset=offset,
                data=data[offset : offset + CHUNK_BYTES],
                output=first.output,
            )
            for offset in range(CHUNK_BYTES, len(data), CHUNK_BYTES)
        ),
    ]
