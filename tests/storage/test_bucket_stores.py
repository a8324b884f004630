"""Each kind of bucket keeps the promises of all."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest_asyncio

from framecap.storage.directory.backend import DirectoryStore
from framecap.storage.directory.bucket import DirectoryBucket
from framecap.storage.s3.backend import S3Store
from framecap.storage.settings import StorageSettings
from framecap.transport.request_statistics import NoRequestStatistics
from support.servers.stores import Store
from support.storage.bucket_stores import BucketStoreContract, Kept


class TestDirectories(BucketStoreContract):
    @pytest_asyncio.fixture
    async def kept(self, tmp_path: Path) -> AsyncGenerator[Kept]:
        store = DirectoryStore()
        shots, absent = (
            DirectoryBucket(name=name, root=tmp_path, prefix=f"{name}/")
            for name in ("shots", "absent")
        )
        await store.start([shots])
        yield Kept(store=store, bucket=shots, absent=absent)
        await store.close()


class TestS3(BucketStoreContract):
    @pytest_asyncio.fixture
    async def kept(self, server: Store) -> AsyncGenerator[Kept]:
        store = S3Store(StorageSettings(), NoRequestStatistics())
        bucket = await server.filled()
        await store.start([bucket])
        yield Kept(store=store, bucket=bucket, absent=server.bucket())
        await store.close()
