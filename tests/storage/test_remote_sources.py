"""Remote sources through cache, budget and trouble, on a real store."""

from __future__ import annotations

import asyncio
import random
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from framecap.errors import (
    BucketNotFound,
    LimitExceeded,
    SourceChanged,
    SourceNotAllowed,
    SourceNotFound,
    SourceUnreachable,
)
from framecap.source.address import ObjectAddress
from framecap.source.remote import RemoteLimits
from framecap.storage.s3.bucket import S3Bucket
from framecap.storage.s3.clients import S3Clients
from framecap.storage.s3.opening import S3Objects
from storage.conftest import QUICK
from support.servers.faults import Fault

KIB = 1024
CONTENT = random.Random(5).randbytes(6000 * KIB)


def objects(clients: S3Clients, **limits: int) -> S3Objects:
    bounds = {"max_read_bytes": 1 << 40, "cache_bytes": 32 << 20, **limits}
    return S3Objects(clients, RemoteLimits(**bounds, retry_policy=QUICK))


@pytest.fixture
async def behind(swift, proxied):
    """Gives a bucket with the object `a`, and the proxy before it."""

    @asynccontextmanager
    async def behind(data: bytes = CONTENT):
        bucket = await swift.filled({"a": data})
        async with proxied(swift.endpoint) as proxy:
            yield replace(bucket, endpoint=proxy.endpoint), proxy

    return behind


def address(bucket: S3Bucket, key: str = "a") -> ObjectAddress:
    return ObjectAddress(bucket.name, key, "s3")


async def test_any_part_is_the_object_s(behind, clients) -> None:
    chance = random.Random(3)
    async with (
        behind() as (bucket, _),
        await objects(clients, cache_bytes=1 << 20).open(address(bucket), bucket) as it,
    ):
        assert (it.size, it.bucket, it.key, it.descriptor) == (
            len(CONTENT),
            bucket.name,
            "a",
            None,
        )
        assert it.public_name == f"s3://{bucket.name}/a"

        async def look() -> None:
            for _ in range(15):
                offset, length = chance.randrange(len(CONTENT)), chance.randrange(1, 600 * KIB)
                assert await it.reader.read(offset, length) == CONTENT[offset : offset + length]

        await asyncio.gather(*(look() for _ in range(4)))
        assert await it.reader.read(len(CONTENT), 5) == b""


async def test_a_pin_costs_one_request_and_one_byte(behind, clients) -> None:
    async with behind() as (bucket, proxy):
        pin = await objects(clients).pin(address(bucket), bucket)
        assert len(proxy.asked) == 1
        async with await objects(clients).open(address(bucket), bucket) as it:
            assert (pin.etag, pin.size) == (it.etag, len(CONTENT))
            assert pin.last_modified == it.last_modified


async def test_a_look_costs_one_request_and_reading_on_few(behind, clients) -> None:
    async with (
        behind() as (bucket, proxy),
        await objects(clients).open(address(bucket), bucket) as it,
    ):
        assert [len(proxy.asked), it.reader.traffic.requests] == [1, 1]
        await it.reader.read(3000 * KIB, 100)
        await it.reader.read(3000 * KIB + 70, 100)
        assert it.reader.traffic.requests == 2
        assert it.reader.traffic.bytes <= 512 * KIB
        for offset in range(0, len(CONTENT), 64 * KIB):
            data = await it.reader.read(offset, 64 * KIB)
            assert data == CONTENT[offset : offset + 64 * KIB]
        assert it.reader.traffic.requests <= 7
        assert it.reader.traffic.bytes == len(CONTENT)
        assert len(proxy.asked) == it.reader.traffic.requests
    etags = {asked.headers.get("if-match") for asked in proxy.asked[1:]}
    assert len(etags) == 1 and etags != {None}


async def test_who_says_how_far_it_reads_gets_that_at_once_and_no_more(behind, clients) -> None:
    async with (
        behind() as (bucket, _),
        await objects(clients).open(address(bucket), bucket) as it,
    ):
        begin, until = 1000 * KIB, 2900 * KIB
        for offset in range(begin, until, 64 * KIB):
            data = await it.reader.read(offset, 64 * KIB, until=until)
            assert data == CONTENT[offset : offset + 64 * KIB]
        # The first bytes, and one for all: from block 3 up to block 12.
        assert it.reader.traffic.requests == 2
        assert it.reader.traffic.bytes == 256 * KIB + 9 * 256 * KIB
        # Beyond what was said, little is fetched.
        await it.reader.read(until + 256 * KIB, 10, until=until)
        assert it.reader.traffic.bytes <= (1 + 9 + 2) * 256 * KIB


async def test_more_than_fits_is_fetched_in_pieces_one_ahead_of_the_reader(behind, clients) -> None:
    async with (
        behind() as (bucket, _),
        await objects(clients, cache_bytes=8 << 20).open(address(bucket), bucket) as it,
    ):
        for offset in range(0, len(CONTENT), 64 * KIB):
            data = await it.reader.read(offset, 64 * KIB, until=len(CONTENT))
            assert data == CONTENT[offset : offset + 64 * KIB]
        assert it.reader.traffic.bytes == len(CONTENT)
        assert it.reader.traffic.requests == 1 + 6


async def test_a_server_that_dies_midway_is_gone_on_with(behind, clients) -> None:
    async with behind() as (bucket, proxy):
        proxy.fault = lambda asked: Fault(cut_answer_after=300 * KIB) if asked.number % 2 else None
        async with await objects(clients).open(address(bucket), bucket) as it:
            parts = [await it.reader.read(at, 1 << 20) for at in range(0, len(CONTENT), 1 << 20)]
            assert b"".join(parts) == CONTENT


@pytest.mark.parametrize("status", [503, 500, 429])
async def test_throttling_is_waited_for(behind, clients, status) -> None:
    async with behind() as (bucket, proxy):
        proxy.fault = lambda asked: Fault(status=status) if asked.number % 3 else None
        async with await objects(clients).open(address(bucket), bucket) as it:
            assert await it.reader.read(0, 2 << 20) == CONTENT[: 2 << 20]
        assert len(proxy.asked) > it.reader.traffic.requests // 3


async def test_trouble_without_end_is_told(behind, clients) -> None:
    async with (
        behind() as (bucket, proxy),
        await objects(clients).open(address(bucket), bucket) as it,
    ):
        proxy.fault = lambda _: Fault(status=503)
        with pytest.raises(SourceUnreachable) as caught:
            await it.reader.read(3 << 20, 10)
        assert caught.value.message.endswith("could not be read, for now: SlowDown")
        assert caught.value.retry_after_ms
        proxy.fault = lambda _: None
        assert await it.reader.read(3 << 20, 10) == CONTENT[3 << 20 :][:10]


async def test_an_object_replaced_midway_is_told(swift, clients) -> None:
    bucket = await swift.filled({"a": CONTENT})
    async with await objects(clients).open(address(bucket), bucket) as it:
        await swift.put(bucket, "a", CONTENT[::-1])
        with pytest.raises(SourceChanged) as caught:
            await it.reader.read(3 << 20, 10)
    assert caught.value.code.name == "FAILED_PRECONDITION"
    assert caught.value.message == f'source: "s3://{bucket.name}/a" changed while it was read'


async def test_the_budget_is_kept(behind, clients) -> None:
    async with behind() as (bucket, proxy):
        limited = objects(clients, max_read_bytes=1 << 20)
        async with await limited.open(address(bucket), bucket) as it:
            with pytest.raises(LimitExceeded) as caught:
                for offset in range(0, len(CONTENT), 64 * KIB):
                    await it.reader.read(offset, 64 * KIB)
        assert caught.value.metadata == {"limit": str(1 << 20), "limit_name": "read_bytes"}
        assert proxy.bytes < 3 << 20


async def test_refusals_have_their_words(swift, clients) -> None:
    bucket = await swift.filled({})
    with pytest.raises(SourceNotFound, match=f'there is no "s3://{bucket.name}/b"'):
        await objects(clients).open(address(bucket, "b"), bucket)
    absent = swift.bucket()
    with pytest.raises(BucketNotFound, match=f'there is no bucket "{absent.name}"'):
        await objects(clients).open(address(absent), absent)
    wrong = replace(bucket, credentials=replace(bucket.credentials, secret_key="wrong"))
    with pytest.raises(SourceNotAllowed) as caught:
        await objects(clients).open(address(wrong), wrong)
    assert caught.value.message == (
        f'source: "s3://{bucket.name}/a" may not be read: its store answers SignatureDoesNotMatch'
    )


async def test_a_cancelled_read_leaves_nothing(behind, clients) -> None:
    async with (
        behind() as (bucket, proxy),
        await objects(clients).open(address(bucket), bucket) as it,
    ):
        proxy.fault = lambda _: Fault(before=lambda: asyncio.sleep(60))
        reading = asyncio.ensure_future(it.reader.read(3 << 20, 10))
        while len(proxy.asked) < 2:
            await asyncio.sleep(0.005)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
