"""A real service whose tasks no worker takes but the test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
import pytest_asyncio
from grpc import aio

from framecap.call import ANYONE
from framecap.server.serve import Service, running
from framecap.tasks.engine import TaskEngine
from framecap.tasks.task import Page
from framecap.v1.task_service_pb2_grpc import TaskServiceStub
from support.api.running import Run, server_settings
from support.api.tasks import FRONT, add_film

SMALL_WINDOW = (("grpc.http2.bdp_probe", 0), ("grpc.http2.lookahead_bytes", 65_536))
"""Options of a client whose connection holds little of what it does not read."""


class Tasks(NamedTuple):
    """A service, its engine, and a client of it."""

    service: Service
    engine: TaskEngine
    stub: TaskServiceStub


RunTasks = Callable[[], AbstractAsyncContextManager[Tasks]]


@pytest.fixture
def run_tasks(run: Run, tmp_path: Path) -> RunTasks:
    """Runs services of the test's own with the film `films/trip.mp4` in `tmp_path`."""
    add_film(tmp_path)

    @asynccontextmanager
    async def run_tasks() -> AsyncGenerator[Tasks]:
        async with run(FRONT) as (service, channel, _):
            yield Tasks(service, service.tasks, TaskServiceStub(channel))

    return run_tasks


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data directory of the service that the tests of a module share."""
    return tmp_path_factory.mktemp("data")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(media: Path, data: Path) -> AsyncGenerator[Service]:
    """A service that the tests of a module share."""
    # The loop's own thread starts now, so that no test is taken for the one that left it.
    await asyncio.to_thread(int)
    server = server_settings(media, data, metrics=False, grace=30.0)
    async with running(replace(FRONT, server=server)) as service:
        yield service


@pytest.fixture
def shared_tasks(shared: Service, data: Path) -> RunTasks:
    """Gives the shared service with two films and without tasks.

    The tests enter the block themselves: pytest holds on to what fixtures give until the test is
    over, and a channel that is held keeps the sockets of grpc's poller open.
    """
    for name in ("trip.mp4", "other.mp4"):
        add_film(data, name)

    @asynccontextmanager
    async def shared_tasks() -> AsyncGenerator[Tasks]:
        engine = shared.tasks
        async with aio.insecure_channel(shared.address, SMALL_WINDOW) as channel:
            yield Tasks(shared, engine, TaskServiceStub(channel))
        for task in (await _listed(engine)).tasks:
            ended = (await engine.request_cancel(ANYONE, task.task_id)).state.ended
            assert ended, "the test leaves a running task"
            await engine.delete(ANYONE, task.task_id)

    return shared_tasks


async def _listed(engine: TaskEngine) -> Page:
    return await engine.list(ANYONE, page_size=1000)
