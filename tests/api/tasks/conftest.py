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

from framecap.config import Settings
from framecap.server.serve import Service, running
from framecap.tasks.engine import TaskEngine
from framecap.v1.task_service_pb2_grpc import TaskServiceStub
from support.api.running import Run, server_settings
from support.api.tasks import add_film


class Tasks(NamedTuple):
    """A service, its engine, and a client of it."""

    service: Service
    engine: TaskEngine
    stub: TaskServiceStub


RunTasks = Callable[[], AbstractAsyncContextManager[Tasks]]


@pytest.fixture
def run_tasks(run: Run, tmp_path: Path) -> RunTasks:
    """Runs services with the film `films/trip.mp4`."""
    add_film(tmp_path)

    @asynccontextmanager
    async def run_tasks() -> AsyncGenerator[Tasks]:
        async with run() as (service, channel, _):
            yield Tasks(service, service.tasks, TaskServiceStub(channel))

    return run_tasks


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(media: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Service]:
    """A service that the tests of a module share."""
    data = tmp_path_factory.mktemp("data")
    add_film(data)
    add_film(data, "other.mp4")
    # The loop's own thread starts now, so that no test is taken for the one that left it.
    await asyncio.to_thread(int)
    server = server_settings(media, data, metrics=False, grace=30.0)
    async with running(replace(Settings(), server=server)) as service:
        # So do those of the engine: one reads, one writes.
        await service.tasks.sweep()
        await service.tasks.list("nobody")
        yield service
