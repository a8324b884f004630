"""A service that works on tasks, and the films they capture from."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from framecap.config import Settings
from framecap.tasks.worker.settings import WorkerSettings
from framecap.v1.task_service_pb2_grpc import TaskServiceStub
from support.api.running import Run
from support.api.working import FRAMES, GOP, LONG, RunWorking, Working
from support.clips import make_clip


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data directory, with a short film and a long one in the bucket `films`."""
    films = tmp_path / "buckets/films"
    films.mkdir(parents=True)
    make_clip(films / "trip.mp4", frames=FRAMES, gop=20, b_frames=2)
    make_clip(films / "long.mp4", frames=LONG, gop=GOP, size=(64, 36))
    return tmp_path


@pytest.fixture
def working(run: Run, data: Path) -> RunWorking:
    """Runs services on the same data directory."""

    @asynccontextmanager
    async def working(slots: int = 2, grace: float = 30.0) -> AsyncGenerator[Working]:
        settings = replace(Settings(), worker=WorkerSettings(task_slots=slots))
        async with run(settings, grace=grace) as (service, channel, captures):
            yield Working(service, TaskServiceStub(channel), captures)

    return working
