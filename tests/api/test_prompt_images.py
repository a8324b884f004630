"""An image leaves as soon as it is stored and its turn has come."""

from __future__ import annotations

import asyncio
from base64 import urlsafe_b64encode
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from grpc import aio

from framecap.decoder.service import reads
from framecap.decoder.v1.decoder_pb2 import FromDecoder
from framecap.sink.naming import Naming
from framecap.sink.payloads import Data
from framecap.sink.stored import ObjectFacts, StoringSink
from framecap.storage.directory import backend
from framecap.v1.snapshot_service_pb2 import CaptureFramesRequest
from support.api.calls import EVERY_SECOND, take_all
from support.api.running import Run

PATIENCE_S = 30.0
IMAGES = 4

TEXT = (
    f"{EVERY_SECOND}|sys/saveas,b_{urlsafe_b64encode(b'shots').decode().rstrip('=')},"
    f"o_{urlsafe_b64encode(b'{index}').decode().rstrip('=')}"
)


class SteppedStore:
    """Stores the first image at once, and each other one once the client has the one before it."""

    def __init__(self) -> None:
        self.received = asyncio.Semaphore(1)
        self.putting = 0
        self.request_count = 0

    async def put(self, key: str, data: Data, facts: ObjectFacts) -> str:
        self.putting += 1
        await self.received.acquire()
        return f"memory:{key}"

    async def take_over(self, key: str, size: int, facts: ObjectFacts) -> str | None:
        return None

    async def close(self) -> None:
        pass


def at_once(monkeypatch: pytest.MonkeyPatch, store: SteppedStore) -> None:
    """Has a bucket store several images at the same time."""

    def sink(bucket: object, naming: Naming) -> StoringSink:
        return StoringSink(naming, store, at_once=IMAGES)

    monkeypatch.setattr(backend, "directory_bucket_sink", sink)


async def next_frame(call: aio.UnaryStreamCall) -> int:
    """Returns the index of the next frame."""
    async with asyncio.timeout(PATIENCE_S):
        async for response in call:
            if response.event.HasField("frame"):
                return int(response.event.frame.index)
    raise AssertionError("the call ended")


async def test_the_last_images_do_not_wait_for_each_other(
    run: Run, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SteppedStore()
    at_once(monkeypatch, store)
    async with run() as client:
        call = client.stub.CaptureFrames(
            CaptureFramesRequest(source=f"{media}/short.mp4", text=TEXT)
        )
        for number in range(1, IMAGES + 1):
            assert await next_frame(call) == number
            store.received.release()
        assert store.putting == IMAGES
        assert (await take_all(call)).finished.captured_count == IMAGES


async def test_a_stored_image_does_not_wait_for_the_decoder(
    run: Run, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SteppedStore()
    at_once(monkeypatch, store)
    received = asyncio.Event()
    original = reads.messages

    async def held(*arguments: Any) -> AsyncGenerator[FromDecoder]:
        async for message in original(*arguments):
            yield message
            if message.HasField("image"):
                await received.wait()

    monkeypatch.setattr(reads, "messages", held)
    async with run() as client:
        call = client.stub.CaptureFrames(
            CaptureFramesRequest(source=f"{media}/short.mp4", text=TEXT)
        )
        assert await next_frame(call) == 1
        assert store.putting == 1
        for _ in range(IMAGES):
            store.received.release()
        received.set()
        assert len((await take_all(call)).frames) == IMAGES - 1
