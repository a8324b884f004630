"""Objects of several stores, read in ranges."""

from __future__ import annotations

from dataclasses import replace

import pytest

from framecap.storage.s3.bucket import Credentials, S3Bucket
from framecap.storage.s3.clients import S3Clients
from framecap.storage.s3.reading import S3Origin
from framecap.transport.faults import FaultKind, StoreFault
from support.servers.stores import Store
from support.storage.origins import OriginContract, opened


class TestS3Origin(OriginContract):
    bucket: S3Bucket

    @pytest.fixture
    def store(self, server: Store, clients: S3Clients) -> tuple[Store, S3Clients]:
        return server, clients

    async def make(self, store: tuple[Store, S3Clients], data: bytes | None) -> S3Origin:
        server, clients = store
        self.bucket = await server.filled({"a": data} if data is not None else {})
        return S3Origin(clients, self.bucket, "a")

    async def replace(self, store: tuple[Store, S3Clients], data: bytes) -> None:
        await store[0].put(self.bucket, "a", data)


async def fault(clients: S3Clients, bucket: S3Bucket, key: str = "a") -> StoreFault:
    with pytest.raises(StoreFault) as caught:
        await opened(S3Origin(clients, bucket, key))
    return caught.value


async def test_a_missing_bucket_is_told_from_a_missing_object(swift, clients) -> None:
    assert (await fault(clients, swift.bucket())).kind is FaultKind.NO_BUCKET


async def test_wrong_credentials_are_forbidden(swift, clients) -> None:
    bucket = await swift.filled({"a": b"x"})
    for access_key, secret_key in ((swift.access_key, "wrong"), ("nobody", "wrong")):
        credentials = Credentials(access_key=access_key, secret_key=secret_key)
        told = await fault(clients, replace(bucket, credentials=credentials))
        assert told.kind is FaultKind.FORBIDDEN
        assert "wrong" not in str(told)


async def test_a_store_that_is_not_there_is_in_trouble(swift, clients) -> None:
    told = await fault(clients, swift.bucket(endpoint="http://127.0.0.1:9"))
    assert told.kind is FaultKind.PASSING
