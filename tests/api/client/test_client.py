"""The client: whole images, safe repeats, and watches that survive the service."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import any_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc import aio
from grpc_status import rpc_status

from framecap.client import retries
from framecap.client.client import Client
from framecap.client.failure import CallFailed
from framecap.config import Settings
from framecap.listen_address import Address
from framecap.server.serve import running
from framecap.v1 import task_service_pb2 as pb
from framecap.v1.event_pb2 import CaptureEvent
from framecap.v1.snapshot_service_pb2 import CaptureFramesRequest
from framecap.v1.task_service_pb2_grpc import (
    TaskServiceServicer,
    add_TaskServiceServicer_to_server,
)
from support.api.calls import EVERY_FRAME_JPG
from support.api.running import Run, server_settings
from support.api.tasks import creation
from support.clips import make_clip
from support.served import free_address

LONG = 1500


async def test_images_are_whole(run: Run, media: Path) -> None:
    async with run() as (service, _, _), Client(service.address) as client:
        request = CaptureFramesRequest(
            source=f"{media}/noisy.mkv", text="video/snapshots,f_png,inter_1000,w_1920,h_1080"
        )
        async with aclosing(client.capture(request)) as events:
            frames = [event.frame async for event in events if event.HasField("frame")]
    assert len(frames) == 10
    assert max(len(frame.data) for frame in frames) > 512 * 1024
    for frame in frames:
        assert hashlib.sha256(frame.data).hexdigest() == frame.sha256


async def test_a_refusal_has_its_reason_and_sentence(run: Run) -> None:
    async with run() as (service, _, _), Client(service.address) as client:
        with pytest.raises(CallFailed) as failed:
            await client.get_task("MediaConvert-0190163d-8694-739b-aea5-966c26f8ad91")
        with pytest.raises(CallFailed) as refused:
            async with aclosing(
                client.capture(CaptureFramesRequest(source="a/b", text="video/snapshots"))
            ) as events:
                await anext(events)
    assert failed.value.reason == "TASK_NOT_FOUND"
    assert str(failed.value) == failed.value.status.message
    assert not failed.value.may_pass
    assert refused.value.reason == "OPTION_MISSING"


@asynccontextmanager
async def service_at(address: str, media: Path, data: Path) -> AsyncGenerator[None]:
    """Runs a service at a known address, which ends without grace."""
    server = server_settings(media, data, metrics=False, grace=0.001)
    server = replace(server, listen=Address.parse(address))
    async with running(replace(Settings(), server=server)):
        yield


@pytest.mark.usefixtures("paced")
async def test_a_watch_survives_restarts_of_the_service(media: Path, tmp_path: Path) -> None:
    films = tmp_path / "buckets/films"
    films.mkdir(parents=True)
    make_clip(films / "trip.mp4", frames=LONG, gop=25, size=(64, 36))
    address = free_address()
    seen: list[CaptureEvent] = []
    frames = asyncio.Event()

    async def watch(client: Client, task_id: str) -> None:
        async with aclosing(client.watch_task(task_id)) as events:
            async for event in events:
                seen.append(event)
                if event.HasField("frame") and event.frame.index % 400 == 0:
                    frames.set()

    async with Client(address) as client:
        async with service_at(address, media, tmp_path):
            created = await client.create_task(creation(text=EVERY_FRAME_JPG))
            watching = asyncio.create_task(watch(client, created.task_id))
            await frames.wait()
            frames.clear()
        async with service_at(address, media, tmp_path):
            await frames.wait()
        async with service_at(address, media, tmp_path):
            await watching
            task = await client.get_task(created.task_id)
    numbers = [event.sequence for event in seen if event.sequence]
    assert numbers == list(range(1, len(numbers) + 1)), "none is missing, none comes twice"
    assert seen[-1].finished.status.code == code_pb2.OK
    assert task.state == pb.TASK_STATE_SUCCEEDED


class Faulty(TaskServiceServicer):
    """Fails as a service that is overloaded, or that goes away, does."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.request_ids: list[str] = []
        self.watched_after: list[int] = []

    async def CreateTask(self, request: pb.CreateTaskRequest, context: Any) -> Any:
        self.request_ids.append(request.request_id)
        await self._fail(context)
        return pb.CreateTaskResponse(task_id="a task")

    async def WatchTask(
        self, request: pb.WatchTaskRequest, context: Any
    ) -> AsyncIterator[pb.WatchTaskResponse]:
        self.watched_after.append(request.after_sequence)
        for number in range(request.after_sequence + 1, request.after_sequence + 4):
            yield pb.WatchTaskResponse(event=CaptureEvent(sequence=number))
            yield pb.WatchTaskResponse(event=CaptureEvent())
        await self._fail(context)

    async def _fail(self, context: Any) -> None:
        if self.failures == 0:
            return
        self.failures -= 1
        info = error_details_pb2.RetryInfo()
        info.retry_delay.FromMilliseconds(20)
        detail = any_pb2.Any()
        detail.Pack(info)
        status = status_pb2.Status(code=code_pb2.UNAVAILABLE, message="later", details=[detail])
        await context.abort_with_status(rpc_status.to_status(status))


@asynccontextmanager
async def faulty(failures: int) -> AsyncGenerator[tuple[Faulty, Client]]:
    servicer, server = Faulty(failures), aio.server()
    add_TaskServiceServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        async with Client(f"127.0.0.1:{port}") as client:
            yield servicer, client
    finally:
        await server.stop(None)


async def test_a_repeated_creation_has_one_request_id() -> None:
    async with faulty(3) as (service, client):
        created = await client.create_task(pb.CreateTaskRequest(source="a/b"))
    assert created.task_id == "a task"
    assert len(service.request_ids) == 4
    assert len(set(service.request_ids)) == 1
    assert service.request_ids[0]


async def test_a_call_is_not_repeated_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "FIRST_SECONDS", 0.001)
    async with faulty(100) as (service, client):
        with pytest.raises(CallFailed, match="later") as failed:
            await client.create_task(pb.CreateTaskRequest(source="a/b", request_id="mine"))
    assert failed.value.status.code == grpc.StatusCode.UNAVAILABLE.value[0]
    assert service.request_ids == ["mine"] * retries.MAX_TRIES


async def test_a_watch_goes_on_after_its_last_event() -> None:
    async with (
        faulty(2 * retries.MAX_TRIES) as (service, client),
        aclosing(client.watch_task("a task")) as events,
    ):
        numbers = [event.sequence async for event in events if event.sequence]
    # Each connection that brings something begins the count of failures anew.
    connections = 2 * retries.MAX_TRIES + 1
    assert service.watched_after == [3 * n for n in range(connections)]
    assert numbers == list(range(1, 3 * connections + 1))
