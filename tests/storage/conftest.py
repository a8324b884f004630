"""A clip in a store, and services and clients that find it there."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import pytest
import pytest_asyncio
from grpc import aio

from framecap.config import Settings
from framecap.listen_address import Address
from framecap.serve_settings import ServerSettings
from framecap.server.serve import Service, running
from framecap.storage.s3.bucket import S3Bucket
from framecap.storage.s3.clients import S3Clients
from framecap.storage.settings import StorageSettings
from framecap.transport.retry import RetryPolicy
from framecap.v1.snapshot_service_pb2_grpc import SnapshotServiceStub
from support.clips import make_clip
from support.servers.ceph import TOOLS as CEPH_TOOLS
from support.servers.ceph import ceph
from support.servers.faults import proxied
from support.servers.rclone import rclone
from support.servers.stores import Store, table
from support.servers.swift import swift

__all__ = ["ceph", "clients", "film", "proxied", "rclone", "serve", "swift"]

QUICK = RetryPolicy(attempts=4, first_wait=0.01, connect_seconds=5, silent_seconds=5)

Serve: TypeAlias = Callable[..., AbstractAsyncContextManager[tuple[Service, SnapshotServiceStub]]]


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Ten seconds, 250 frames, a keyframe each second, the index at the end."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    return make_clip(path, frames=250, gop=25, size=(320, 180)).read_bytes()


STORES = ["swift", "rclone", pytest.param("ceph", marks=pytest.mark.external(*CEPH_TOOLS))]


@pytest.fixture(scope="session", params=STORES)
def server(request: pytest.FixtureRequest) -> Store:
    """Each store in turn: the tests of what all of them must do."""
    store: Store = request.getfixturevalue(request.param)
    return store


@pytest_asyncio.fixture
async def clients() -> AsyncGenerator[S3Clients]:
    """Clients that soon give up."""
    made = S3Clients(retry_policy=QUICK)
    yield made
    await made.close()


@pytest.fixture
def serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Serve:
    """Runs services that know buckets."""

    @asynccontextmanager
    async def serve(
        *buckets: S3Bucket,
        metrics: bool = False,
        allow_path: tuple[Path, ...] = (),
        **storage: object,
    ) -> AsyncGenerator[tuple[Service, SnapshotServiceStub]]:
        file = tmp_path / "buckets.toml"
        file.write_text("".join(map(table, buckets)))
        for bucket in buckets:
            assert bucket.credentials is not None
            monkeypatch.setenv("TEST_KEY", bucket.credentials.access_key)
            monkeypatch.setenv("TEST_SECRET", bucket.credentials.secret_key)
        loopback = Address("127.0.0.1", 0)
        server = ServerSettings(
            listen=loopback,
            metrics=loopback if metrics else None,
            data=tmp_path / "data",
            allow_path=allow_path,
        )
        settings = replace(
            Settings(), server=server, storage=StorageSettings(buckets=file, **storage)
        )
        async with (
            running(settings) as service,
            aio.insecure_channel(service.address) as channel,
        ):
            yield service, SnapshotServiceStub(channel)

    return serve
