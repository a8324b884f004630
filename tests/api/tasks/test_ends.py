"""Tasks that end: cancelled, deleted, retried; and those that cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from google.rpc import error_details_pb2, status_pb2

from api.tasks.conftest import RunTasks
from framecap.errors import MediaCorrupt
from framecap.tasks.work import call_of
from framecap.v1.capture_pb2 import CaptureSpec, ImagesOutput, Output, OutputList
from framecap.v1.event_pb2 import CaptureProgress
from framecap.v1.task_service_pb2 import (
    TASK_STATE_CANCELLED,
    TASK_STATE_FAILED,
    TASK_STATE_PENDING,
    TASK_STATE_RUNNING,
    TASK_STATE_SUCCEEDED,
    CancelTaskRequest,
    DeleteTaskRequest,
    GetTaskRequest,
    ListTasksRequest,
    RetryTaskRequest,
    WatchTaskRequest,
)
from framecap.v1.task_service_pb2_grpc import TaskServiceStub
from support.api.calls import EVERY_SECOND, code, detail, reason, refusal, take_all
from support.api.tasks import SOURCE, add_film, create, get, stored
from support.tasks.engines import WORKED, end, new_task, take

pytestmark = pytest.mark.asyncio(loop_scope="module")

ABSENT = "MediaConvert-0190163d-8694-739b-aea5-966c26f8ad91"


async def test_a_task_shows_its_progress_and_its_end(shared_tasks: RunTasks) -> None:
    async with shared_tasks() as (_, engine, stub):
        task_id = (await create(stub)).task_id
        lease = await take(engine)
        report = CaptureProgress(captured_count=2, read_bytes=7)
        await lease.progress(report)
        running = await get(stub, task_id)
        assert (running.state, running.attempt) == (TASK_STATE_RUNNING, 1)
        assert running.progress == report
        assert running.HasField("start_time")
        assert not running.HasField("end_time")
        await end(lease)
        ended = await get(stub, task_id)
        assert ended.state == TASK_STATE_SUCCEEDED
        assert ended.HasField("end_time")
        assert not ended.HasField("error")
        usage = ended.usage
        assert (usage.image_count, usage.decoded_count) == (3, WORKED.decoded_count)
        assert (usage.cpu_time.ToNanoseconds(), usage.read_bytes) == (WORKED.cpu, WORKED.read_bytes)
        assert (usage.written_bytes, usage.request_count) == (
            WORKED.written_bytes,
            WORKED.request_count,
        )


async def test_a_failed_task_has_its_error_in_full(shared_tasks: RunTasks) -> None:
    async with shared_tasks() as (_, engine, stub):
        task_id = (await create(stub)).task_id
        await end(await take(engine), MediaCorrupt("Broken.", metadata={"source": SOURCE}))
        task = await get(stub, task_id)
        assert task.state == TASK_STATE_FAILED
        assert (reason(task.error), task.error.message) == ("MEDIA_CORRUPT", "Broken.")
        assert detail(task.error, error_details_pb2.PreconditionFailure).violations


async def test_a_pending_task_is_cancelled_at_once(shared_tasks: RunTasks) -> None:
    async with shared_tasks() as (_, engine, stub):
        task_id = (await create(stub)).task_id
        task = (await stub.CancelTask(CancelTaskRequest(task_id=task_id))).task
        assert task.state == TASK_STATE_CANCELLED
        assert task == await get(stub, task_id)
        assert await engine.take() is None


async def test_a_running_task_is_asked_to_stop(shared_tasks: RunTasks) -> None:
    async with shared_tasks() as (_, engine, stub):
        task_id = (await create(stub)).task_id
        lease = await take(engine)
        task = (await stub.CancelTask(CancelTaskRequest(task_id=task_id))).task
        assert (task.state, task.cancel_requested) == (TASK_STATE_RUNNING, True)
        await lease.confirm()
        assert lease.cancel_requested.is_set()
        await end(lease)


async def test_an_ended_task_stays_as_it_is_when_cancelled(shared_tasks: RunTasks) -> None:
    async with shared_tasks() as (_, engine, stub):
        task_id = (await create(stub)).task_id
        await end(await take(engine))
        before = await get(stub, task_id)
        task = (await stub.CancelTask(CancelTaskRequest(task_id=task_id))).task
        assert task == before


async def test_a_deleted_task_is_gone_with_its_events(shared_tasks: RunTasks) -> None:
    async with shared_tasks() as (_, engine, stub):
        task_id = (await create(stub)).task_id
        await end(await take(engine))
        await stub.DeleteTask(DeleteTaskRequest(task_id=task_id))
        for status in await refusals(stub, task_id):
            not_found(status, task_id)
        # The usage stays.
        records = (await engine.usage(None)).records
        assert task_id in [record.record_id for record in records]


@pytest.mark.parametrize("running", [False, True], ids=["pending", "running"])
async def test_a_task_that_has_not_ended_is_neither_deleted_nor_retried(
    shared_tasks: RunTasks, running: bool
) -> None:
    state = "RUNNING" if running else "PENDING"
    async with shared_tasks() as (_, engine, stub):
        task_id = (await create(stub)).task_id
        lease = await take(engine) if running else None
        calls = {
            "cancel it first": stub.DeleteTask(DeleteTaskRequest(task_id=task_id)),
            "wait for its end, or cancel it first": stub.RetryTask(
                RetryTaskRequest(task_id=task_id)
            ),
        }
        for cure, call in calls.items():
            status = await refusal(call)
            assert (code(status), reason(status)) == ("FAILED_PRECONDITION", "TASK_NOT_ENDED")
            assert status.message == f"the task {task_id} has not ended; {cure}"
            (violation,) = detail(status, error_details_pb2.PreconditionFailure).violations
            assert (violation.type, violation.subject) == ("TASK_NOT_ENDED", task_id)
            info = detail(status, error_details_pb2.ErrorInfo)
            assert dict(info.metadata) == {"task": task_id, "state": state}
        assert (await get(stub, task_id)).task_id == task_id
        if lease is not None:
            await end(lease)


async def test_what_is_no_task_of_the_caller_is_not_found(shared_tasks: RunTasks) -> None:
    async with shared_tasks() as (_, engine, stub):
        other = (await engine.submit(new_task("other"))).task
        await engine.request_cancel("other", other.task_id)
        for task_id in ("", "x", ABSENT, other.task_id):
            for status in await refusals(stub, task_id):
                not_found(status, task_id)
        assert not (await stub.ListTasks(ListTasksRequest())).tasks
        assert (await engine.get("other", other.task_id)).task_id == other.task_id


def not_found(status: status_pb2.Status, task_id: str) -> None:
    assert (code(status), reason(status)) == ("NOT_FOUND", "TASK_NOT_FOUND")
    assert status.message == f"there is no task {task_id}"
    resource = detail(status, error_details_pb2.ResourceInfo)
    assert (resource.resource_type, resource.resource_name) == ("task", task_id)


async def refusals(stub: TaskServiceStub, task_id: str) -> list[status_pb2.Status]:
    """Returns how every method refuses a task's id."""
    found = [
        await refusal(stub.GetTask(GetTaskRequest(task_id=task_id))),
        await refusal(stub.CancelTask(CancelTaskRequest(task_id=task_id))),
        await refusal(stub.DeleteTask(DeleteTaskRequest(task_id=task_id))),
        await refusal(stub.RetryTask(RetryTaskRequest(task_id=task_id))),
    ]
    taken = await take_all(stub.WatchTask(WatchTaskRequest(task_id=task_id)))
    assert taken.status is not None
    assert not taken.events
    return [*found, taken.status]


SPEC = CaptureSpec(interval={"spacing": {"seconds": 1}}, jpeg={"quality": 71})
FORMS: dict[str, dict[str, Any]] = {
    "text": {"text": EVERY_SECOND, "delivery": stored(topic="done")},
    "spec": {"spec": SPEC},
    "outputs": {
        "outputs": OutputList(outputs=[Output(name="thumbs", spec=SPEC, images=ImagesOutput())])
    },
}


@pytest.mark.parametrize("form", FORMS)
async def test_a_retry_is_a_new_task_with_the_same_request(
    shared_tasks: RunTasks, data: Path, form: str
) -> None:
    body: dict[str, Any] = {"labels": {"a": "b"}, "user_data": "u", "project": "p", **FORMS[form]}
    async with shared_tasks() as (_, engine, stub):
        first = await create(stub, **body)
        await end(await take(engine), MediaCorrupt("Broken."))
        before = await get(stub, first.task_id)
        film = add_film(data, content=b"a better video")
        again = await stub.RetryTask(RetryTaskRequest(task_id=first.task_id))
        task = await get(stub, again.task_id)
        assert (task.task_id, task.event_id, task.call_id) == (
            again.task_id,
            again.event_id,
            again.call_id,
        )
        assert task.state == TASK_STATE_PENDING
        assert task.retry_of == first.task_id
        assert (dict(task.labels), task.user_data, task.project) == ({"a": "b"}, "u", "p")
        assert task.accepted.call_id == task.call_id != first.call_id
        before.accepted.call_id = task.accepted.call_id
        assert task.accepted == before.accepted
        lease = await take(engine)
        # The source is what it is now.
        assert lease.task.pin.size == film.stat().st_size
        assert lease.task.topic == ("done" if form == "text" else "")
        call = call_of(lease.task, lease.work)
        assert call.source == SOURCE
        # An ended task never reopens.
        assert (await get(stub, first.task_id)).state == TASK_STATE_FAILED
        await end(lease)


async def test_a_retry_of_a_retry_names_the_latter(shared_tasks: RunTasks) -> None:
    async with shared_tasks() as (_, engine, stub):
        task_id = (await create(stub)).task_id
        for _ in range(2):
            await end(await take(engine))
            again = await stub.RetryTask(RetryTaskRequest(task_id=task_id, source=SOURCE))
            assert (await get(stub, again.task_id)).retry_of == task_id
            task_id = again.task_id


async def test_a_retry_without_its_source_is_refused(shared_tasks: RunTasks, data: Path) -> None:
    async with shared_tasks() as (_, engine, stub):
        task_id = (await create(stub)).task_id
        await end(await take(engine))
        add_film(data).unlink()
        status = await refusal(stub.RetryTask(RetryTaskRequest(task_id=task_id)))
        assert (code(status), reason(status)) == ("NOT_FOUND", "SOURCE_NOT_FOUND")


BAD_RETRIES = [
    (
        {"source": "films/other.mp4"},
        "VALUE_OUT_OF_RANGE",
        'source: "films/other.mp4" is not "films/trip.mp4", with or without a query',
    ),
    ({"source": "films"}, "SOURCE_INVALID", 'source: "films" names a bucket at most'),
    ({"request_id": "x"}, "VALUE_OUT_OF_RANGE", "request_id: x is not a UUID"),
]


async def test_a_retry_of_something_else_is_refused(shared_tasks: RunTasks) -> None:
    async with shared_tasks() as (_, engine, stub):
        task_id = (await create(stub)).task_id
        await end(await take(engine))
        for fields, why, sentence in BAD_RETRIES:
            status = await refusal(stub.RetryTask(RetryTaskRequest(task_id=task_id, **fields)))
            assert status.message.startswith(sentence)
            assert (code(status), reason(status)) == ("INVALID_ARGUMENT", why)
            (violation,) = detail(status, error_details_pb2.BadRequest).field_violations
            assert violation.field == next(iter(fields))
