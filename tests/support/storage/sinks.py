"""The promises of every sink, whatever it does with the images."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import pytest

from framecap.sink.payloads import Sink, SinkPayload, Written
from framecap.v1 import capture_pb2, event_pb2

SMALL = b"one image"
LARGE = hashlib.sha256(b"seed").digest() * 60_000

ReadBack = Callable[[Sequence[SinkPayload], event_pb2.FrameCaptured], Awaitable[bytes]]


@dataclass(frozen=True)
class Opened:
    """A sink, and how to get an image back that it has taken."""

    sink: Sink
    image: ReadBack


def frame(index: int) -> event_pb2.FrameCaptured:
    """Returns the facts of an image, as a decoder sends them."""
    made = event_pb2.FrameCaptured(index=index, dhash="0123456789abcdef", output="thumbs")
    made.format = capture_pb2.IMAGE_FORMAT_JPG
    made.media_time.FromMilliseconds(40 * index)
    return made


def frames(payloads: Sequence[SinkPayload]) -> list[event_pb2.FrameCaptured]:
    """Returns the frames among payloads."""
    return [payload for payload in payloads if isinstance(payload, event_pb2.FrameCaptured)]


class SinkContract:
    """The tests; `opened` is the sink's own fixture."""

    @pytest.fixture
    def opened(self) -> Opened:
        raise NotImplementedError

    async def test_every_image_comes_back_once_and_in_order(self, opened: Opened) -> None:
        images = [SMALL, LARGE, SMALL[::-1], LARGE[::-1], SMALL]
        payloads: list[SinkPayload] = []
        opened.sink.begin(0)
        for index, data in enumerate(images, 1):
            payloads += await opened.sink.deliver(frame(index), data)
            payloads += opened.sink.ready()
        payloads += await opened.sink.finish()
        found = frames(payloads)
        assert [image.index for image in found] == [1, 2, 3, 4, 5]
        for image, data in zip(found, images, strict=True):
            assert (image.size_bytes, image.sha256) == (
                len(data),
                hashlib.sha256(data).hexdigest(),
            )
            assert await opened.image(payloads, image) == data
        await opened.sink.close()

    async def test_the_facts_stay_as_they_came(self, opened: Opened) -> None:
        given = frame(1)
        opened.sink.begin(0)
        payloads = await opened.sink.deliver(given, SMALL) + await opened.sink.finish()
        (image,) = frames(payloads)
        for name in ("size_bytes", "sha256", "data", "uri"):
            image.ClearField(name)
        assert image == given == frame(1)
        await opened.sink.close()

    async def test_without_images_there_is_nothing(self, opened: Opened) -> None:
        opened.sink.begin(0)
        assert opened.sink.uploading is None
        assert opened.sink.ready() == []
        assert await opened.sink.finish() == []
        assert opened.sink.upload_time == 0
        assert opened.sink.written == Written()
        await opened.sink.close()
        await opened.sink.close()

    async def test_after_the_end_nothing_is_under_way(self, opened: Opened) -> None:
        opened.sink.begin(0)
        await opened.sink.deliver(frame(1), SMALL)
        await opened.sink.finish()
        assert opened.sink.uploading is None
        assert opened.sink.ready() == []
        assert opened.sink.upload_time >= 0
        await opened.sink.close()

    async def test_it_counts_the_bytes_that_a_store_has_taken(self, opened: Opened) -> None:
        opened.sink.begin(0)
        payloads = []
        for index, data in enumerate((SMALL, LARGE), 1):
            payloads += await opened.sink.deliver(frame(index), data)
        payloads += await opened.sink.finish()
        is_stored = all(image.uri for image in frames(payloads))
        assert opened.sink.written.bytes == (len(SMALL) + len(LARGE)) * is_stored
        await opened.sink.close()

    async def test_it_can_be_closed_at_any_time(self, opened: Opened) -> None:
        opened.sink.begin(0)
        await opened.sink.deliver(frame(1), LARGE)
        await opened.sink.close()
        await opened.sink.close()
