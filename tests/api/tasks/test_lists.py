"""Lists of tasks: filters, pages, and what cannot be listed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import error_details_pb2

from api.tasks.conftest import RunTasks
from framecap.errors import MediaCorrupt
from framecap.v1.task_service_pb2 import (
    TASK_STATE_CANCELLED,
    TASK_STATE_FAILED,
    TASK_STATE_PENDING,
    TASK_STATE_RUNNING,
    TASK_STATE_SUCCEEDED,
    CancelTaskRequest,
    ListTasksRequest,
    ListTasksResponse,
)
from framecap.v1.task_service_pb2_grpc import TaskServiceStub
from support.api.calls import code, detail, reason, refusal
from support.api.tasks import add_film, create, get
from support.tasks.engines import end, take

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def listed(stub: TaskServiceStub, **fields: Any) -> ListTasksResponse:
    response: ListTasksResponse = await stub.ListTasks(ListTasksRequest(**fields))
    return response


async def ids(stub: TaskServiceStub, **fields: Any) -> list[str]:
    return [task.task_id for task in (await listed(stub, **fields)).tasks]


async def test_pages_follow_one_another_newest_first(shared_tasks: RunTasks) -> None:
    async with shared_tasks() as (_, _, stub):
        made = [(await create(stub)).task_id for _ in range(7)]
        found: list[str] = []
        page = await listed(stub, page_size=3)
        found += [task.task_id for task in page.tasks]
        while page.next_page_token:
            page = await listed(stub, page_size=3, page_token=page.next_page_token)
            found += [task.task_id for task in page.tasks]
        assert found == made[::-1]
        assert await ids(stub) == made[::-1]
        # More than a page may have is the most it may have.
        assert await ids(stub, page_size=5000) == made[::-1]
        assert (await listed(stub)).tasks[0] == await get(stub, made[-1])


async def test_each_filter_leaves_what_matches(shared_tasks: RunTasks, data: Path) -> None:
    add_film(data, "other.mp4")
    async with shared_tasks() as (_, engine, stub):
        names = ("succeeded", "failed", "cancelled", "running", "pending")
        made = {
            name: (
                await create(stub, source=f"films/{'other' if number % 2 else 'trip'}.mp4")
            ).task_id
            for number, name in enumerate(names)
        }
        await end(await take(engine))
        await end(await take(engine), MediaCorrupt("Broken."))
        await stub.CancelTask(CancelTaskRequest(task_id=made["cancelled"]))
        lease = await take(engine)
        for state, name in (
            (TASK_STATE_PENDING, "pending"),
            (TASK_STATE_RUNNING, "running"),
            (TASK_STATE_SUCCEEDED, "succeeded"),
            (TASK_STATE_FAILED, "failed"),
            (TASK_STATE_CANCELLED, "cancelled"),
        ):
            assert await ids(stub, states=[state]) == [made[name]]
        ended = [TASK_STATE_SUCCEEDED, TASK_STATE_FAILED, TASK_STATE_FAILED]
        assert await ids(stub, states=ended) == [made["failed"], made["succeeded"]]
        assert await ids(stub, source_prefix="films/o") == [made["running"], made["failed"]]
        assert await ids(stub, source_prefix="films/%") == []
        assert await ids(stub, dead=True) == []
        newest = await get(stub, made["pending"])
        after = Timestamp()
        after.FromNanoseconds(newest.create_time.ToNanoseconds() + 1)
        assert len(await ids(stub, created_before=after)) == 5
        assert await ids(stub, created_from=after) == []
        assert made["pending"] in await ids(stub, created_from=newest.create_time)
        assert made["pending"] not in await ids(stub, created_before=newest.create_time)
        await end(lease)


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"page_size": -1}, "page_size", "page_size: -1 is not in 0..2147483647"),
    (
        {"page_token": "x"},
        "page_token",
        "page_token: it is not from a page of this list",
    ),
    (
        {"states": [0]},
        "states",
        "states: 0 is none of PENDING, RUNNING, SUCCEEDED, FAILED, CANCELLED",
    ),
    (
        {"states": [1, 99]},
        "states",
        "states: 99 is none of PENDING, RUNNING, SUCCEEDED, FAILED, CANCELLED",
    ),
    (
        {"created_from": Timestamp(seconds=1, nanos=-1)},
        "created_from.nanos",
        "created_from.nanos: -1 is not in 0..999999999",
    ),
    (
        {"created_before": Timestamp(seconds=-1)},
        "created_before.seconds",
        "created_before.seconds: -1 is not in 0..9223372035",
    ),
    (
        {"created_from": Timestamp(seconds=253402300799)},
        "created_from.seconds",
        "created_from.seconds: 253402300799 is not in 0..9223372035",
    ),
]
"""A list, the field that is wrong, and the sentence."""


async def test_a_list_that_cannot_be_is_refused(shared_tasks: RunTasks) -> None:
    async with shared_tasks() as (_, _, stub):
        for fields, field, sentence in REFUSED:
            status = await refusal(stub.ListTasks(ListTasksRequest(**fields)))
            assert status.message == sentence
            assert (code(status), reason(status)) == ("INVALID_ARGUMENT", "VALUE_OUT_OF_RANGE")
            (violation,) = detail(status, error_details_pb2.BadRequest).field_violations
            assert violation.field == field


async def test_a_token_of_another_list_is_refused(shared_tasks: RunTasks) -> None:
    async with shared_tasks() as (_, _, stub):
        for _ in range(2):
            await create(stub)
        token = (await listed(stub, page_size=1)).next_page_token
        other = ListTasksRequest(page_token=token, source_prefix="films/")
        status = await refusal(stub.ListTasks(other))
        assert status.message == "page_token: it is not from a page of this list"
