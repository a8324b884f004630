"""The end of a service with watches, and its data directory failing it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from google.rpc import error_details_pb2, status_pb2
from grpc import aio
from grpc_health.v1 import health_pb2, health_pb2_grpc

from api.tasks.conftest import RunTasks
from api.tasks.test_watches import WARNING
from api.test_drain import begin, ending
from framecap.server import grpc_server
from framecap.server.stop import Stop
from framecap.v1.task_service_pb2 import (
    CancelTaskRequest,
    DeleteTaskRequest,
    GetTaskRequest,
    ListTasksRequest,
    RetryTaskRequest,
)
from framecap.v1.task_service_pb2_grpc import TaskServiceStub
from support.api.calls import code, detail, reason, refusal, take_all
from support.api.running import NOISY_FRAMES, Run
from support.api.tasks import (
    FRONT,
    SOURCE,
    add_film,
    create,
    creation,
    events_of,
    get,
    of_record,
    watched,
)
from support.tasks.engines import end, write
from support.tasks.engines import take as take_task

TASK_SERVICE = "framecap.v1.TaskService"


def unavailable(status: status_pb2.Status | None, why: str) -> None:
    assert (code(status), reason(status)) == ("UNAVAILABLE", why)
    assert detail(status, error_details_pb2.RetryInfo).retry_delay.ToMilliseconds() > 0


async def test_a_shutdown_ends_watches_at_once_while_captures_go_on(
    run: Run, media: Path, tmp_path: Path
) -> None:
    add_film(tmp_path)
    stop = Stop()
    async with ending(media, tmp_path, stop, grace=600, base=FRONT) as client:
        stub = TaskServiceStub(client.channel)
        task_id = (await create(stub)).task_id
        watches = [events_of(stub, task_id) for _ in range(5)]
        for watch in watches:
            await anext(watch)
        # Its client reads no further before the watches are over.
        capture = await begin(client, media)
        stop.request()
        for watch in watches:
            taken = await take_all(watch)
            unavailable(taken.status, "DRAINING")
            assert taken.status is not None
            assert taken.status.message == (
                "The service is shutting down. Watch again after the last event; it may be another"
                " service that answers."
            )
            assert not taken.events
        unavailable((await watched(stub, task_id)).status, "DRAINING")
        assert (await get(stub, task_id)).task_id == task_id
        rest = await take_all(capture)
        assert rest.status is None
        assert len(rest.frames) == NOISY_FRAMES - 1
    # Another service answers from there.
    async with run(FRONT) as (service, channel, _):
        stub = TaskServiceStub(channel)
        going_on = asyncio.create_task(watched(stub, task_id, after=1))
        await end(await take_task(service.tasks))
        assert of_record((await going_on).events) == [2, 3]


async def test_a_shutdown_does_not_wait_for_a_watcher_that_reads_nothing(
    media: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grpc_server, "LAST_READ_SECONDS", 0.1)
    add_film(tmp_path)
    stop = Stop()
    async with ending(media, tmp_path, stop, grace=600, base=FRONT) as client:
        stub = TaskServiceStub(client.channel)
        task_id = (await create(stub)).task_id
        lease = await take_task(client.service.tasks)
        for _ in range(20):
            await write(lease, *[WARNING] * 100)
        watch = events_of(stub, task_id)
        await anext(watch)
        stop.request()
        # Far sooner than the grace that captures have.
        async with asyncio.timeout(60):
            await client.ended.wait()
        taken = await take_all(watch)
        assert code(taken.status) in ("UNAVAILABLE", "CANCELLED")
        assert len(taken.events) < 2000


async def test_a_draining_service_creates_no_task(run_tasks: RunTasks) -> None:
    async with run_tasks() as (service, engine, stub):
        task_id = (await create(stub)).task_id
        await end(await take_task(engine))
        service.admission.drain()
        for call in (
            stub.CreateTask(creation()),
            stub.CreateTask(creation(validate_only=True)),
            stub.RetryTask(RetryTaskRequest(task_id=task_id)),
        ):
            status = await refusal(call)
            unavailable(status, "DRAINING")
            assert status.message == (
                "The service is shutting down. Try again, it may be another one that answers."
            )
        # What there is can be read to the last.
        assert (await get(stub, task_id)).task_id == task_id
        assert len((await stub.ListTasks(ListTasksRequest())).tasks) == 1


async def test_the_service_of_tasks_has_its_health(run_tasks: RunTasks) -> None:
    async with run_tasks() as (service, _, _), aio.insecure_channel(service.address) as channel:
        health = health_pb2_grpc.HealthStub(channel)
        answer = await health.Check(health_pb2.HealthCheckRequest(service=TASK_SERVICE))
        assert answer.status == health_pb2.HealthCheckResponse.SERVING


async def test_a_store_that_cannot_be_opened_is_unavailable_until_it_can(
    run_tasks: RunTasks, tmp_path: Path
) -> None:
    # A file where the directory of the tasks is to be, from the first moment on.
    (tmp_path / "tasks").write_text("in the way")
    task_id = "MediaConvert-0190163d-8694-739b-aea5-966c26f8ad91"
    async with run_tasks() as (_, engine, stub):
        for call in (
            stub.CreateTask(creation()),
            stub.CreateTask(creation(request_id="0190163d-8694-739b-aea5-966c26f8ad91")),
            stub.GetTask(GetTaskRequest(task_id=task_id)),
            stub.ListTasks(ListTasksRequest()),
            stub.CancelTask(CancelTaskRequest(task_id=task_id)),
            stub.DeleteTask(DeleteTaskRequest(task_id=task_id)),
            stub.RetryTask(RetryTaskRequest(task_id=task_id)),
        ):
            unavailable(await refusal(call), "DATA_STORE_UNAVAILABLE")
        unavailable((await watched(stub, task_id)).status, "DATA_STORE_UNAVAILABLE")
        # A check needs no store.
        assert (await create(stub, validate_only=True)).accepted.source == SOURCE
        (tmp_path / "tasks").unlink()
        created = await create(stub)
        assert (await get(stub, created.task_id)).task_id == created.task_id
        await engine.sweep()
