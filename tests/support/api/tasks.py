"""Tasks as their clients see them, in short."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from grpc import aio

from framecap.config import Settings
from framecap.tasks.worker.settings import Role, WorkerSettings
from framecap.v1.capture_pb2 import Delivery, ObjectDelivery
from framecap.v1.event_pb2 import CaptureEvent
from framecap.v1.task_service_pb2 import (
    CreateTaskRequest,
    CreateTaskResponse,
    GetTaskRequest,
    Task,
    WatchTaskRequest,
    WatchTaskResponse,
)
from framecap.v1.task_service_pb2_grpc import TaskServiceStub
from support.api.calls import EVERY_SECOND, Taken, take_all

SOURCE = "films/trip.mp4"

FRONT = Settings(worker=WorkerSettings(role=Role.FRONT))
"""The settings of a service that runs no tasks itself, so that tests take them as workers do."""


def add_film(data: Path, name: str = "trip.mp4", content: bytes = b"a video") -> Path:
    """Puts an object into the bucket `films` of a data directory; nobody decodes it here."""
    path = data / "buckets/films" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def stored(key: str = "trip/{index}.jpg", bucket: str = "shots", topic: str = "") -> Delivery:
    """Returns a delivery to a bucket."""
    place = ObjectDelivery(bucket=bucket, key_template=key)
    return Delivery(object=place, notify_topic=topic)


def creation(**changed: Any) -> CreateTaskRequest:
    """Returns a request for a task; a form of the request replaces the usual text."""
    fields: dict[str, Any] = {"source": SOURCE, "delivery": stored(), **changed}
    if not {"text", "spec", "outputs"} & changed.keys():
        fields["text"] = EVERY_SECOND
    return CreateTaskRequest(**fields)


async def create(stub: TaskServiceStub, **changed: Any) -> CreateTaskResponse:
    """Creates a task."""
    response: CreateTaskResponse = await stub.CreateTask(creation(**changed))
    return response


async def get(stub: TaskServiceStub, task_id: str) -> Task:
    """Returns a task."""
    task: Task = (await stub.GetTask(GetTaskRequest(task_id=task_id))).task
    return task


def watching(stub: TaskServiceStub, task_id: str, after: int = 0) -> aio.UnaryStreamCall[Any, Any]:
    """Begins to watch a task."""
    call: aio.UnaryStreamCall[Any, Any] = stub.WatchTask(
        WatchTaskRequest(task_id=task_id, after_sequence=after)
    )
    return call


def events_of(
    stub: TaskServiceStub, task_id: str, after: int = 0
) -> AsyncIterator[WatchTaskResponse]:
    """Returns the messages of a watch, one after the other."""
    return aiter(watching(stub, task_id, after))


async def watched(stub: TaskServiceStub, task_id: str, after: int = 0) -> Taken:
    """Returns everything a watch brings, its failure included."""
    return await take_all(watching(stub, task_id, after))


def of_record(events: list[CaptureEvent]) -> list[int]:
    """Returns the numbers of the events of record."""
    return [event.sequence for event in events if event.sequence]
