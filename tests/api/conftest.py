"""A real service and a real channel, in the test's own event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio
from grpc import aio

from framecap.config import Settings
from framecap.server.serve import running
from framecap.server.stop import Stop
from framecap.v1.snapshot_service_pb2_grpc import SnapshotServiceStub
from support.api.paced import paced as paced
from support.api.running import Run, Running, make_noisy_clip, server_settings
from support.clips import make_clip


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory that services may read, with the clips of the tests."""
    directory = tmp_path_factory.mktemp("media")
    make_clip(directory / "short.mp4", frames=100)
    make_noisy_clip(directory / "noisy.mkv")
    (directory / "text.mp4").write_text("This is no video.")
    return directory


@pytest.fixture
def run(media: Path, tmp_path: Path) -> Run:
    """Runs services on free ports, with a data directory of their own.

    The tests enter the block themselves: pytest holds on to what fixtures give until the test is
    over, and a channel that is held keeps the sockets of grpc's poller open.
    """

    @asynccontextmanager
    async def run(
        settings: Settings | None = None,
        *,
        metrics: bool = False,
        grace: float = 30.0,
        stop: Stop | None = None,
    ) -> AsyncGenerator[Running]:
        server = server_settings(media, tmp_path, metrics=metrics, grace=grace)
        settings = settings or Settings()
        # None forked ahead: the tests see a capture's decoder by its being there.
        decoder = replace(settings.decoder, idle_decoders=0)
        settings = replace(settings, server=server, decoder=decoder)
        async with (
            running(settings, stop) as service,
            aio.insecure_channel(service.address) as channel,
        ):
            yield Running(service, channel, SnapshotServiceStub(channel))

    return run


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def address(media: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[str]:
    """The address of a service that the tests of a module share."""
    server = server_settings(media, tmp_path_factory.mktemp("data"), metrics=False, grace=30.0)
    # The loop's own thread starts now, so that no test is taken for the one that left it.
    await asyncio.to_thread(int)
    async with running(replace(Settings(), server=server)) as service:
        yield service.address
