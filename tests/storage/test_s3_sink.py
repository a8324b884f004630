"""Images stored in real stores: whole or not at all, in order, in spite of trouble."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from framecap.errors import BucketNotFound, SinkUnreachable, TargetNotAllowed
from framecap.model.spec import ImageFormat
from framecap.sink.naming import Naming, SourceName
from framecap.sink.stored import MANIFEST, StoringSink
from framecap.sink.template import KeyTemplate
from framecap.sink.terms import WriteTerms
from framecap.storage.s3.bucket import S3Bucket
from framecap.storage.s3.clients import S3Clients
from framecap.storage.s3.writing import S3Writer, abort_old_uploads
from framecap.v1 import capture_pb2, event_pb2
from support.servers.faults import Asked, Fault

# The least that S3 takes, but for the last part.
PART_BYTES = 5 << 20
LARGE = hashlib.sha256(b"seed").digest() * (2 * PART_BYTES // 32 + 100)


@asynccontextmanager
async def sink(
    clients: S3Clients, bucket: S3Bucket, template: str = "x/{index}", uploads: int = 4
) -> AsyncGenerator[StoringSink]:
    naming = Naming(
        template=KeyTemplate.parse(template),
        bucket=bucket.name,
        source=SourceName(bucket="films", key="trip.mp4"),
        format=ImageFormat.JPG,
    )
    made = StoringSink(naming, S3Writer(clients, bucket, PART_BYTES), at_once=uploads)
    try:
        yield made
    finally:
        await made.close()


def frame(index: int) -> event_pb2.FrameCaptured:
    made = event_pb2.FrameCaptured(index=index, dhash="0123456789abcdef")
    made.format = capture_pb2.IMAGE_FORMAT_JPG
    made.media_time.FromMilliseconds(1500 * index)
    return made


async def test_an_image_is_there_with_its_facts_when_it_is_told(server, clients) -> None:
    bucket = await server.filled()
    async with sink(clients, bucket) as it:
        told = await it.deliver(frame(1), b"one") + await it.finish()
        assert [payload.uri for payload in told] == [f"s3://{bucket.name}/x/1.jpg"]
        async with server.client() as client:
            answer = await client.get_object(Bucket=bucket.name, Key="x/1.jpg")
            async with answer["Body"] as body:
                assert await body.read() == b"one"
    assert answer["ContentType"] == "image/jpeg"
    assert answer["Metadata"] == {
        "framecap-index": "1",
        "framecap-time": "1.500000000",
        "framecap-dhash": "0123456789abcdef",
        "framecap-sha256": hashlib.sha256(b"one").hexdigest(),
    }


async def test_several_are_on_their_way_and_told_in_order(server, proxied, clients) -> None:
    bucket = await server.filled()
    async with proxied(server.endpoint) as proxy:
        arrived = asyncio.Event()

        async def first_waits_for_the_third() -> None:
            await arrived.wait()

        def fault(asked: Asked) -> Fault | None:
            if asked.path.endswith("/1.jpg"):
                return Fault(before=first_waits_for_the_third)
            if asked.path.endswith("/3.jpg"):
                arrived.set()
            return None

        proxy.fault = fault
        async with sink(clients, replace(bucket, endpoint=proxy.endpoint)) as it:
            told = []
            for index in range(1, 7):
                told += await it.deliver(frame(index), bytes([index]) * 1000)
            told += await it.finish()
    assert [payload.index for payload in told] == [1, 2, 3, 4, 5, 6]
    assert len(await server.objects(bucket)) == 6


async def test_no_more_are_on_their_way_than_allowed(server, proxied, clients) -> None:
    bucket = await server.filled()
    async with proxied(server.endpoint) as proxy:
        gate, begun = asyncio.Event(), []
        proxy.fault = lambda asked: begun.append(asked.path) or Fault(before=gate.wait)
        async with sink(clients, replace(bucket, endpoint=proxy.endpoint), uploads=2) as it:
            for index in (1, 2):
                await it.deliver(frame(index), b"x")
            third = asyncio.ensure_future(it.deliver(frame(3), b"x"))
            while len(begun) < 2:
                await asyncio.sleep(0.005)
            assert not third.done()
            assert it.ready() == []
            gate.set()
            told = [*await third, *await it.finish()]
    assert [payload.index for payload in told] == [1, 2, 3]


@pytest.mark.parametrize("data", [b"small", LARGE], ids=["small", "large"])
async def test_trouble_in_passing_is_waited_for(server, proxied, clients, data) -> None:
    bucket = await server.filled()
    async with proxied(server.endpoint) as proxy:
        faults = [Fault(status=503), Fault(cut_request_after=2)]
        times: Counter[str] = Counter()

        def fault(asked: Asked) -> Fault | None:
            times[asked.path] += 1
            return faults[times[asked.path] - 1] if times[asked.path] <= len(faults) else None

        proxy.fault = fault
        async with sink(clients, replace(bucket, endpoint=proxy.endpoint)) as it:
            told = await it.deliver(frame(1), data) + await it.finish()
    assert len(told) == 1
    assert await server.objects(bucket) == {"x/1.jpg": data}
    assert await server.uploads(bucket) == []


async def test_a_manifest_of_any_size_is_stored(server, clients) -> None:
    bucket = await server.filled()
    naming = Naming(
        template=KeyTemplate.parse("{index}"),
        bucket=bucket.name,
        source=SourceName(bucket="films", key="trip.mp4"),
        format=ImageFormat.JPG,
        manifest=KeyTemplate.parse_manifest("{barename}"),
    )
    store = StoringSink(naming, S3Writer(clients, bucket, PART_BYTES))
    for data in (b"{}", LARGE):
        uri = await store.store_manifest(memoryview(data))
        assert uri == f"s3://{bucket.name}/trip.json"
        assert await server.objects(bucket) == {"trip.json": data}
    assert await server.uploads(bucket) == []
    await store.close()


async def test_a_manifest_that_is_not_taken_is_told_as_such(server, clients) -> None:
    bucket = await server.filled()
    wrong = replace(bucket.credentials, secret_key="wrong")
    store = S3Writer(clients, replace(bucket, credentials=wrong))
    with pytest.raises(TargetNotAllowed, match="the manifest"):
        await store.put("m.json", b"{}", MANIFEST)


@pytest.mark.parametrize("dies_at", ["POST", "PUT", "the end"])
async def test_a_large_image_that_cannot_be_stored_leaves_nothing(
    server, proxied, clients, dies_at
) -> None:
    bucket = await server.filled()
    async with proxied(server.endpoint) as proxy:

        def fault(asked: Asked) -> Fault | None:
            at_the_end = asked.method == "POST" and "uploadId" in asked.path
            hit = at_the_end if dies_at == "the end" else asked.method == dies_at
            return Fault(status=503) if hit else None

        proxy.fault = fault
        async with sink(clients, replace(bucket, endpoint=proxy.endpoint)) as it:
            await it.deliver(frame(1), LARGE)
            with pytest.raises(SinkUnreachable) as caught:
                await it.finish()
    assert caught.value.message == 'the image "x/1.jpg" could not be stored: SlowDown'
    assert await server.objects(bucket) == {}
    assert await server.uploads(bucket) == []


async def test_a_cancelled_capture_leaves_no_upload(server, proxied, clients) -> None:
    bucket = await server.filled()
    async with proxied(server.endpoint) as proxy:
        proxy.fault = lambda asked: (
            Fault(before=lambda: asyncio.sleep(60)) if "partNumber=2" in asked.path else None
        )
        async with sink(clients, replace(bucket, endpoint=proxy.endpoint)) as it:
            await it.deliver(frame(1), LARGE)
            while not any("partNumber=2" in asked.path for asked in proxy.asked):
                await asyncio.sleep(0.005)
            assert await server.uploads(bucket) == ["x/1.jpg"]
    assert await server.objects(bucket) == {}
    assert await server.uploads(bucket) == []


async def test_what_was_stored_before_a_failure_is_told_first(server, proxied, clients) -> None:
    bucket = await server.filled()
    async with proxied(server.endpoint) as proxy:
        denied = Fault(status=403, code="AccessDenied")
        proxy.fault = lambda asked: denied if "/2." in asked.path else None
        async with sink(clients, replace(bucket, endpoint=proxy.endpoint)) as it:
            await it.deliver(frame(1), b"one")
            await it.deliver(frame(2), b"two")
            while not all(upload.stored.done() for upload in it._in_progress):
                await asyncio.sleep(0.005)
            assert [payload.index for payload in it.ready()] == [1]
            with pytest.raises(TargetNotAllowed) as caught:
                it.ready()
    assert caught.value.message == 'the image "x/2.jpg" was not taken by its store: AccessDenied'
    assert caught.value.reason == "TARGET_NOT_ALLOWED"


async def test_a_missing_bucket_is_told(server, clients) -> None:
    bucket = server.bucket()
    async with sink(clients, bucket) as it:
        await it.deliver(frame(1), b"one")
        with pytest.raises(BucketNotFound, match=f'there is no bucket "{bucket.name}"'):
            await it.finish()


async def test_with_one_key_for_all_only_the_last_is_sent(server, clients) -> None:
    bucket = await server.filled()
    async with sink(clients, bucket, "cover.jpg") as it:
        for index in (1, 2, 3):
            await it.deliver(frame(index), bytes([index]))
        (told,) = await it.finish()
    assert told.uri == f"s3://{bucket.name}/cover.jpg"
    assert await server.objects(bucket) == {"cover.jpg": b"\x03"}


async def test_old_uploads_are_ended_at_the_start_and_young_ones_not(server, clients) -> None:
    bucket = await server.filled()
    async with server.client() as client:
        for key in ("a", "b"):
            await client.create_multipart_upload(Bucket=bucket.name, Key=key)
    await abort_old_uploads(clients, [bucket])
    assert await server.uploads(bucket) == ["a", "b"]
    await abort_old_uploads(clients, [replace(bucket, abort_uploads_after=0)])
    assert await server.uploads(bucket) == ["a", "b"]
    began = datetime.now(UTC)
    while datetime.now(UTC) < began + timedelta(seconds=2.1):
        await asyncio.sleep(0.1)
    await abort_old_uploads(clients, [replace(bucket, abort_uploads_after=1)])
    assert await server.uploads(bucket) == []
    absent = server.bucket()
    await abort_old_uploads(clients, [absent])


AGAIN = WriteTerms(again=True)


@pytest.mark.parametrize("data", [b"small", LARGE], ids=["small", "large"])
async def test_a_later_attempt_sends_no_equal_object(server, proxied, clients, data) -> None:
    bucket = await server.filled()
    async with sink(clients, bucket) as it:
        first = await it.deliver(frame(1), data) + await it.finish()
    async with proxied(server.endpoint) as proxy:
        async with sink(clients, replace(bucket, endpoint=proxy.endpoint)) as it:
            it.begin(0, AGAIN)
            assert await it.deliver(frame(1), data) + await it.finish() == first
            assert (it.written.bytes, it.written.requests) == (0, 1)
        assert [asked.method for asked in proxy.asked] == ["HEAD"]


async def test_a_later_attempt_that_may_not_look_sends_all(server, proxied, clients) -> None:
    bucket = await server.filled()
    async with proxied(server.endpoint) as proxy:
        proxy.fault = lambda asked: Fault(status=403) if asked.method == "HEAD" else None
        async with sink(clients, replace(bucket, endpoint=proxy.endpoint)) as it:
            it.begin(0, AGAIN)
            await it.deliver(frame(1), b"one")
            await it.finish()
    assert await server.objects(bucket) == {"x/1.jpg": b"one"}


async def test_a_later_attempt_waits_for_trouble_in_passing_and_says_so(
    server, proxied, clients
) -> None:
    bucket = await server.filled()
    async with proxied(server.endpoint) as proxy:
        proxy.fault = lambda asked: Fault(status=503)
        async with sink(clients, replace(bucket, endpoint=proxy.endpoint)) as it:
            it.begin(0, AGAIN)
            await it.deliver(frame(1), b"one")
            with pytest.raises(SinkUnreachable) as caught:
                await it.finish()
        assert {asked.method for asked in proxy.asked} == {"HEAD"}
    assert caught.value.metadata["key"] == "x/1.jpg"


async def test_a_later_attempt_ends_the_open_uploads_of_its_keys(server, clients) -> None:
    bucket = await server.filled()
    async with server.client() as client:
        stale = await client.create_multipart_upload(Bucket=bucket.name, Key="x/1.jpg")
        await client.create_multipart_upload(Bucket=bucket.name, Key="x/1.jpg.old")
        part = await client.upload_part(
            Bucket=bucket.name,
            Key="x/1.jpg",
            UploadId=stale["UploadId"],
            PartNumber=1,
            Body=LARGE[:PART_BYTES],
        )
    async with sink(clients, bucket) as it:
        it.begin(0, AGAIN)
        await it.deliver(frame(1), LARGE)
        await it.finish()
    assert await server.uploads(bucket) == ["x/1.jpg.old"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    async with server.client() as client:
        with pytest.raises(client.exceptions.ClientError):
            await client.complete_multipart_upload(
                Bucket=bucket.name,
                Key="x/1.jpg",
                UploadId=stale["UploadId"],
                MultipartUpload=parts,
            )
    assert await server.objects(bucket) == {"x/1.jpg": LARGE}


@pytest.mark.parametrize("data", [b"small", LARGE], ids=["small", "large"])
async def test_no_write_goes_on_once_no_time_is_left(server, proxied, clients, data) -> None:
    bucket = await server.filled()
    async with proxied(server.endpoint) as proxy:
        begun, never = asyncio.Event(), asyncio.Event()
        looks = 0

        def seconds_left() -> float:
            nonlocal looks
            looks += begun.is_set()
            return 0.01 if looks < 3 else 0

        async def held() -> None:
            begun.set()
            await never.wait()

        proxy.fault = lambda asked: Fault(before=held) if asked.method != "DELETE" else None
        async with sink(clients, replace(bucket, endpoint=proxy.endpoint)) as it:
            it.begin(0, WriteTerms(seconds_left=seconds_left))
            await it.deliver(frame(1), data)
            if data is LARGE:
                proxy.fault = lambda asked: Fault(before=held) if asked.method == "PUT" else None
            with pytest.raises(SinkUnreachable):
                await it.finish()
    assert looks == 3, "the time is extended while there is some"
    assert await server.objects(bucket) == {}
    assert await server.uploads(bucket) == []
