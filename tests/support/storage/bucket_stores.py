"""The promises of every kind of bucket: what its sink stores, its store opens."""

from __future__ import annotations

import asyncio
import hashlib
import os
from dataclasses import dataclass
from typing import Any

import pytest

from framecap.errors import BucketNotFound, SinkUnreachable, SourceNotAllowed, SourceNotFound
from framecap.model.spec import ImageFormat
from framecap.sink.naming import Naming, SourceName
from framecap.sink.payloads import Sink, SinkPayload
from framecap.sink.template import KeyTemplate
from framecap.sink.terms import DIRECT, WriteTerms
from framecap.source.address import ObjectAddress
from framecap.source.opened import OpenSource
from framecap.storage.bucket import Bucket
from framecap.storage.kind import BucketStore
from framecap.v1 import event_pb2

IMAGES = [bytes([number]) * (1000 + number) for number in range(1, 8)]


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A store, a bucket of it that exists, and one that does not."""

    store: BucketStore[Any]
    bucket: Bucket
    absent: Bucket

    def sink(self, template: str) -> Sink:
        """Returns a sink into the bucket."""
        naming = Naming(
            template=KeyTemplate.parse(template),
            bucket=self.bucket.name,
            source=SourceName(bucket="films", key="2026/trip.mp4"),
            format=ImageFormat.JPG,
            manifest=KeyTemplate.parse("x/all.json") if "{index}" in template else None,
        )
        return self.store.sink(self.bucket, naming)

    async def store_object(self, name: str, data: bytes) -> None:
        """Stores one object through a sink; its key is the name and `.jpg`."""
        await stored(self.sink(f"{name}.jpg"), [data])

    async def open(self, key: str) -> OpenSource:
        """Opens an object of the bucket."""
        return await self.store.open(ObjectAddress(self.bucket.name, key, "s3"), self.bucket)

    async def content(self, key: str) -> bytes:
        """Returns the bytes of an object."""
        async with await self.open(key) as source:
            return await read(source, 0, source.size)


async def read(source: OpenSource, offset: int, length: int) -> bytes:
    """Returns a range of an open source."""
    if source.descriptor is not None:
        return os.pread(source.descriptor, length, offset)
    assert source.reader is not None
    return await source.reader.read(offset, length)


async def stored(sink: Sink, images: list[bytes], terms: WriteTerms = DIRECT) -> list[SinkPayload]:
    """Stores images; returns all payloads."""
    payloads: list[SinkPayload] = []
    try:
        sink.begin(0, terms)
        for index, data in enumerate(images, 1):
            payloads += await sink.deliver(event_pb2.FrameCaptured(index=index), data)
        return payloads + await sink.finish()
    finally:
        await sink.close()


class BucketStoreContract:
    """The tests; `kept` is the store's own fixture."""

    @pytest.fixture
    def kept(self) -> Kept:
        raise NotImplementedError

    async def test_what_is_stored_can_be_opened(self, kept: Kept) -> None:
        await kept.store_object("2026/a", IMAGES[0])
        async with await kept.open("2026/a.jpg") as source:
            assert source.size == len(IMAGES[0])
            assert (source.bucket, source.key) == (kept.bucket.name, "2026/a.jpg")
            assert source.public_name == f"s3://{kept.bucket.name}/2026/a.jpg"
            assert source.etag
            assert source.last_modified.year >= 2026
            assert await read(source, 0, source.size) == IMAGES[0]
            assert await read(source, 10, 5) == IMAGES[0][10:15]
            assert await read(source, source.size - 3, 100) == IMAGES[0][-3:]

    async def test_an_absent_object_is_named(self, kept: Kept) -> None:
        await kept.store_object("a", b"one")
        with pytest.raises(SourceNotFound) as caught:
            await kept.open("b.jpg")
        assert caught.value.message == f'source: there is no "s3://{kept.bucket.name}/b.jpg"'

    async def test_an_absent_bucket_is_named(self, kept: Kept) -> None:
        address = ObjectAddress(kept.absent.name, "a", "s3")
        with pytest.raises(BucketNotFound) as caught:
            await kept.store.open(address, kept.absent)
        assert caught.value.metadata == {"bucket": kept.absent.name}

    async def test_a_pin_says_whether_an_object_is_the_same(self, kept: Kept) -> None:
        address = ObjectAddress(kept.bucket.name, "a.jpg", "s3")
        await kept.store_object("a", IMAGES[0])
        pin = await kept.store.pin(address, kept.bucket)
        assert pin.size == len(IMAGES[0])
        assert not pin.by_size_alone
        async with await kept.open("a.jpg") as source:
            assert pin.admits(source.pin)
        await kept.store_object("a", IMAGES[0][::-1] + b"x")
        async with await kept.open("a.jpg") as source:
            assert not pin.admits(source.pin)

    async def test_what_is_absent_has_no_pin(self, kept: Kept) -> None:
        await kept.store_object("a", b"one")
        with pytest.raises(SourceNotFound) as caught:
            await kept.store.pin(ObjectAddress(kept.bucket.name, "b.jpg", "s3"), kept.bucket)
        assert caught.value.message == f'source: there is no "s3://{kept.bucket.name}/b.jpg"'
        with pytest.raises(BucketNotFound) as lost:
            await kept.store.pin(ObjectAddress(kept.absent.name, "a", "s3"), kept.absent)
        assert lost.value.metadata == {"bucket": kept.absent.name}

    async def test_images_come_back_in_order_with_their_uris(self, kept: Kept) -> None:
        payloads = await stored(kept.sink("x/{index}"), IMAGES)
        assert [payload.index for payload in payloads] == list(range(1, len(IMAGES) + 1))
        for payload, data in zip(payloads, IMAGES, strict=True):
            assert isinstance(payload, event_pb2.FrameCaptured)
            assert payload.uri == f"s3://{kept.bucket.name}/x/{payload.index}.jpg"
            assert payload.sha256 == hashlib.sha256(data).hexdigest()
            assert await kept.content(f"x/{payload.index}.jpg") == data

    async def test_a_key_is_replaced(self, kept: Kept) -> None:
        await kept.store_object("a", b"first")
        async with await kept.open("a.jpg") as before:
            await kept.store_object("a", b"second, longer")
            assert await kept.content("a.jpg") == b"second, longer"
            async with await kept.open("a.jpg") as after:
                assert after.etag != before.etag

    async def test_one_key_for_all_stores_the_last(self, kept: Kept) -> None:
        payloads = await stored(kept.sink("one.jpg"), IMAGES[:3])
        warnings = [p for p in payloads if isinstance(p, event_pb2.CaptureWarning)]
        frames = [p for p in payloads if isinstance(p, event_pb2.FrameCaptured)]
        assert [warning.reason for warning in warnings] == ["ONE_KEY_FOR_ALL"]
        assert [frame.superseded for frame in frames] == [True, True, False]
        assert await kept.content("one.jpg") == IMAGES[2]

    async def test_a_manifest_lies_where_it_says(self, kept: Kept) -> None:
        sink = kept.sink("x/{index}")
        try:
            sink.begin(0)
            await sink.deliver(event_pb2.FrameCaptured(index=1), b"one")
            await sink.finish()
            uri = await sink.store_manifest(b"{}")
            assert uri == f"s3://{kept.bucket.name}/x/all.json"
            assert await kept.content("x/all.json") == b"{}"
        finally:
            await sink.close()
        # Closing again does nothing.
        await sink.close()

    async def test_a_sink_that_is_closed_early_leaves_whole_objects_or_none(
        self, kept: Kept
    ) -> None:
        sink = kept.sink("y/{index}")
        sink.begin(0)
        given = await sink.deliver(event_pb2.FrameCaptured(index=1), IMAGES[0])
        await sink.close()
        reported = [p.uri for p in given if isinstance(p, event_pb2.FrameCaptured)]
        try:
            assert await kept.content("y/1.jpg") == IMAGES[0]
        except SourceNotFound:
            assert not reported

    async def test_a_later_attempt_stores_what_is_missing_or_differs(self, kept: Kept) -> None:
        first = await stored(kept.sink("x/{index}"), IMAGES[:4])
        await kept.store_object("x/2", IMAGES[1][::-1] + b"x")
        await kept.store_object("x/3", IMAGES[2][:-1] + b"x")
        sink = kept.sink("x/{index}")
        again = await stored(sink, IMAGES, WriteTerms(again=True))
        assert again[:4] == first
        sent = [*IMAGES[1:3], *IMAGES[4:]]
        assert sink.written.bytes == sum(map(len, sent))
        for index, data in enumerate(IMAGES, 1):
            assert await kept.content(f"x/{index}.jpg") == data

    async def test_nothing_is_stored_once_no_time_is_left(self, kept: Kept) -> None:
        await kept.store_object("a", b"one")
        with pytest.raises(SinkUnreachable) as caught:
            await stored(kept.sink("x/{index}"), IMAGES, WriteTerms(seconds_left=lambda: 0))
        assert caught.value.metadata["key"] in {f"x/{n}.jpg" for n in range(1, 8)}
        with pytest.raises(SourceNotFound):
            await kept.open("x/1.jpg")

    async def test_several_sinks_write_side_by_side(self, kept: Kept) -> None:
        sinks = [kept.sink(f"s{number}/{{index}}") for number in range(4)]
        results = await asyncio.gather(*(stored(sink, IMAGES) for sink in sinks))
        assert [len(result) for result in results] == [len(IMAGES)] * 4
        assert await kept.content("s3/7.jpg") == IMAGES[6]

    async def test_a_reference_leads_to_an_object_beside_it(self, kept: Kept) -> None:
        await kept.store_object("p/list", b"list")
        await kept.store_object("p/sub/seg", b"segment")
        async with await kept.open("p/list.jpg") as source:
            assert source.refer is not None
            async with await source.refer("sub/seg.jpg") as other:
                assert await read(other, 0, other.size) == b"segment"
            with pytest.raises(SourceNotAllowed):
                await source.refer("../../q.jpg")
