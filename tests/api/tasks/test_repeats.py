"""A creation that is repeated with its request id."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from google.rpc import error_details_pb2

from api.tasks.conftest import RunTasks
from framecap.v1.capture_pb2 import CaptureSpec
from framecap.v1.task_service_pb2 import (
    TASK_STATE_SUCCEEDED,
    DeleteTaskRequest,
    ListTasksRequest,
    RetryTaskRequest,
)
from support.api.calls import code, detail, reason, refusal
from support.api.tasks import add_film, create, creation, get, stored
from support.tasks.engines import end, take

ID = "0190163d-8694-739b-aea5-966c26f8ad91"
RANDOM = "5a2c8e1f-2d7b-4f3e-9c55-0d7d3a1b9f00"
BODY: dict[str, Any] = {
    "labels": {"show": "trip"},
    "user_data": "u",
    "project": "p",
    "request_id": ID,
}


async def test_fifty_creations_at_once_are_one_task(run_tasks: RunTasks) -> None:
    async with run_tasks() as (_, engine, stub):
        answers = await asyncio.gather(*(create(stub, **BODY) for _ in range(50)))
        assert len({(a.task_id, a.event_id, a.call_id) for a in answers}) == 1
        assert len({a.accepted.SerializeToString(deterministic=True) for a in answers}) == 1
        assert len((await stub.ListTasks(ListTasksRequest())).tasks) == 1
        await end(await take(engine))
        assert await engine.take() is None


async def test_a_repeat_is_answered_when_task_and_source_are_gone_by(
    run_tasks: RunTasks, tmp_path: Path
) -> None:
    async with run_tasks() as (_, engine, stub):
        first = await create(stub, **BODY)
        await end(await take(engine))
        add_film(tmp_path).unlink()
        again = await create(stub, **BODY)
        assert again == first
        assert (await get(stub, again.task_id)).state == TASK_STATE_SUCCEEDED
        assert reason(await refusal(stub.CreateTask(creation()))) == "SOURCE_NOT_FOUND"


async def test_a_request_id_is_a_uuid_of_any_version(run_tasks: RunTasks) -> None:
    async with run_tasks() as (_, _, stub):
        made = [(await create(stub, request_id=identity)).task_id for identity in (ID, RANDOM)]
        assert made[0] != made[1]
        # Capitals make no other id.
        assert (await create(stub, request_id=RANDOM.upper())).task_id == made[1]


async def test_equal_requests_repeat_each_other_in_every_form(run_tasks: RunTasks) -> None:
    spec = CaptureSpec(interval={"spacing": {"seconds": 1}}, jpeg={})
    async with run_tasks() as (_, _, stub):
        first = await create(stub, **BODY)
        again = await create(stub, spec=spec, **BODY)
        assert again == first


OTHERS: dict[str, dict[str, Any]] = {
    "request": {"text": "video/snapshots,f_png,inter_1000"},
    "source": {"source": "films/other.mp4"},
    "bucket": {"delivery": stored(bucket="elsewhere")},
    "key": {"delivery": stored("other/{index}.jpg")},
    "topic": {"delivery": stored(topic="done")},
    "labels": {"labels": {"show": "other"}},
    "no labels": {"labels": {}},
    "user data": {"user_data": "v"},
    "project": {"project": "q"},
}


async def test_another_body_with_the_same_request_id_is_refused(
    run_tasks: RunTasks, tmp_path: Path
) -> None:
    add_film(tmp_path, "other.mp4")
    async with run_tasks() as (_, _, stub):
        await create(stub, **BODY)
        for name, other in OTHERS.items():
            status = await refusal(stub.CreateTask(creation(**{**BODY, **other})))
            assert (code(status), reason(status)) == ("ALREADY_EXISTS", "REQUEST_ID_REUSED"), name
            assert status.message == f"the request id {ID} was used for another request"
            info = detail(status, error_details_pb2.ErrorInfo)
            assert dict(info.metadata) == {"request_id": ID}
        assert len((await stub.ListTasks(ListTasksRequest())).tasks) == 1


async def test_the_request_id_of_a_deleted_task_finds_nothing(run_tasks: RunTasks) -> None:
    async with run_tasks() as (_, engine, stub):
        first = await create(stub, **BODY)
        await end(await take(engine))
        await stub.DeleteTask(DeleteTaskRequest(task_id=first.task_id))
        status = await refusal(stub.CreateTask(creation(**BODY)))
        assert (code(status), reason(status)) == ("NOT_FOUND", "TASK_NOT_FOUND")
        assert status.message == f"there is no task {first.task_id}"


async def test_without_a_request_id_each_creation_is_a_task(run_tasks: RunTasks) -> None:
    async with run_tasks() as (_, _, stub):
        answers = [await create(stub) for _ in range(3)]
        assert len({answer.task_id for answer in answers}) == 3


async def test_a_retry_is_repeated_by_its_own_request_id(run_tasks: RunTasks) -> None:
    async with run_tasks() as (_, engine, stub):
        first = await create(stub, **BODY)
        await end(await take(engine))
        again = RetryTaskRequest(task_id=first.task_id, request_id=RANDOM)
        answers = await asyncio.gather(*(stub.RetryTask(again) for _ in range(10)))
        assert len({(answer.task_id, answer.call_id) for answer in answers}) == 1
        assert answers[0].task_id != first.task_id
        # The first task's id stands for the first task's body, which is no retry.
        reused = RetryTaskRequest(task_id=first.task_id, request_id=ID)
        status = await refusal(stub.RetryTask(reused))
        assert reason(status) == "REQUEST_ID_REUSED"
