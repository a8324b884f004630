"""What a created task is, in every form of a request."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from google.rpc import error_details_pb2

from api.tasks.conftest import RunTasks
from framecap.tasks.notify.settings import NotifySettings
from framecap.tasks.uuid7 import parse_task_id
from framecap.tasks.work import call_of
from framecap.v1.capture_pb2 import (
    CaptureSpec,
    ImagesOutput,
    Output,
    OutputList,
)
from framecap.v1.task_service_pb2 import (
    TASK_STATE_PENDING,
    ListTasksRequest,
)
from framecap.v1.task_service_pb2_grpc import TaskServiceStub
from support.api.calls import EVERY_SECOND, code, detail, reason, refusal, take
from support.api.running import Run
from support.api.tasks import FRONT, SOURCE, add_film, create, creation, get, stored

SPEC = CaptureSpec(interval={"spacing": {"seconds": 1}}, jpeg={})
NAMED = OutputList(outputs=[Output(name="thumbs", spec=SPEC, images=ImagesOutput())])


async def test_a_task_is_pending_and_says_what_was_asked(run_tasks: RunTasks) -> None:
    async with run_tasks() as (_, engine, stub):
        created = await create(
            stub,
            delivery=stored(topic="done"),
            labels={"show": "trip", "empty": ""},
            user_data="two\nlines",
            project="video_2",
        )
        task = await get(stub, created.task_id)
        assert parse_task_id(created.task_id) is not None
        assert (task.task_id, task.event_id, task.call_id) == (
            created.task_id,
            created.event_id,
            created.call_id,
        )
        assert task.event_id
        assert task.state == TASK_STATE_PENDING
        assert task.accepted == created.accepted
        assert task.accepted.call_id == task.call_id
        assert task.accepted.source == SOURCE
        assert task.accepted.delivery == stored(topic="done")
        assert dict(task.labels) == {"show": "trip", "empty": ""}
        assert (task.user_data, task.project) == ("two\nlines", "video_2")
        assert (task.retry_of, task.attempt, task.dead, task.cancel_requested) == (
            "",
            0,
            False,
            False,
        )
        assert task.HasField("create_time")
        assert task.usage.image_count == 0
        for absent in ("progress", "start_time", "end_time", "error"):
            assert not task.HasField(absent)
        kept = await engine.get("anonymous", created.task_id)
        assert (kept.topic, kept.mode, kept.pin.size) == ("done", "inter", len(b"a video"))


async def test_a_task_s_topic_has_an_effect_and_a_capture_s_has_none(
    run: Run, run_tasks: RunTasks, media: Path
) -> None:
    async with run_tasks() as (_, _, stub):
        created = await create(stub, delivery=stored(topic="done"))
        assert [warning.reason for warning in created.accepted.warnings] == []
    async with run() as running:
        taken = await take(
            running.stub,
            source=SOURCE,
            text=EVERY_SECOND,
            delivery=stored(topic="done"),
            validate_only=True,
        )
        (warning,) = taken.events[0].accepted.warnings
        assert warning.reason == "OPTION_WITHOUT_EFFECT"


FORMS: dict[str, dict[str, Any]] = {
    "text": {"text": EVERY_SECOND},
    "saveas": {
        "text": f"{EVERY_SECOND}|sys/saveas,b_c2hvdHM,o_dHJpcC97aW5kZXh9LmpwZw",
        "delivery": None,
    },
    "spec": {"spec": SPEC},
    "outputs": {"outputs": NAMED},
}


@pytest.mark.parametrize("form", FORMS)
async def test_the_worker_has_the_request_as_it_was_given(run_tasks: RunTasks, form: str) -> None:
    fields = FORMS[form]
    async with run_tasks() as (_, engine, stub):
        created = await create(stub, **fields)
        assert created.accepted.delivery == stored()
        assert created.accepted.output == ("thumbs" if form == "outputs" else "")
        lease = await engine.take()
        assert lease is not None
        call = call_of(lease.task, lease.work)
        wanted = creation(**fields)
        assert call.source == SOURCE
        assert call.request == getattr(wanted, str(wanted.WhichOneof("request")))
        assert call.delivery == wanted.delivery
        assert (call.principal, call.call_id) == ("anonymous", created.call_id)
        assert call.background


async def test_the_forms_of_one_request_have_one_key(run_tasks: RunTasks) -> None:
    async with run_tasks() as (_, _, stub):
        answers = [await create(stub, **fields) for fields in FORMS.values()]
    assert len({answer.accepted.key for answer in answers}) == 1


async def test_an_output_may_have_a_delivery_of_its_own(run_tasks: RunTasks) -> None:
    own = OutputList(
        outputs=[Output(name="a", spec=SPEC, images={}, delivery=stored("own/{index}"))]
    )
    async with run_tasks() as (_, _, stub):
        created = await create(stub, outputs=own, delivery=None)
        assert created.accepted.delivery == stored("own/{index}")


async def test_validation_creates_nothing_and_uses_up_no_request_id(run_tasks: RunTasks) -> None:
    identity = "0190163D-8694-739b-aea5-966c26f8ad91"
    async with run_tasks() as (_, engine, stub):
        checked = await create(stub, validate_only=True, request_id=identity)
        assert (checked.task_id, checked.event_id) == ("", "")
        assert checked.call_id == checked.accepted.call_id
        assert checked.accepted.source == SOURCE
        assert not (await stub.ListTasks(ListTasksRequest())).tasks
        created = await create(stub, request_id=identity, user_data="another body")
        assert created.task_id
        assert await engine.take() is not None


async def test_validation_looks_for_the_source(run_tasks: RunTasks) -> None:
    async with run_tasks() as (_, _, stub):
        status = await refusal(
            stub.CreateTask(creation(source="films/none.mp4", validate_only=True))
        )
        assert (code(status), reason(status)) == ("NOT_FOUND", "SOURCE_NOT_FOUND")


async def test_the_source_is_what_it_was_at_the_creation(
    run_tasks: RunTasks, tmp_path: Path
) -> None:
    film = add_film(tmp_path)
    async with run_tasks() as (_, engine, stub):
        created = await create(stub)
        kept = await engine.get("anonymous", created.task_id)
        facts = film.stat()
        assert (kept.pin.inode, kept.pin.modified) == (facts.st_ino, facts.st_mtime_ns)


async def test_a_topic_that_is_not_configured_is_refused(run: Run, tmp_path: Path) -> None:
    add_film(tmp_path)
    topics = tmp_path / "topics.toml"
    topics.write_text(f"[topics.ends]\nfile = '{tmp_path}/ends.jsonl'\n")
    settings = replace(FRONT, notify=NotifySettings(topics=topics))
    async with run(settings) as (_, channel, _):
        stub = TaskServiceStub(channel)
        status = await refusal(stub.CreateTask(creation(delivery=stored(topic="gone"))))
        assert (code(status), reason(status)) == ("NOT_FOUND", "TOPIC_NOT_FOUND")
        assert "gone" in status.message
        resource = detail(status, error_details_pb2.ResourceInfo)
        assert (resource.resource_type, resource.resource_name) == ("topic", "gone")
        await create(stub, delivery=stored(topic="ends"))
        await create(stub)
        assert len((await stub.ListTasks(ListTasksRequest())).tasks) == 2


async def test_tasks_survive_the_service(run_tasks: RunTasks) -> None:
    async with run_tasks() as (_, _, stub):
        first, second = await create(stub), await create(stub)
    async with run_tasks() as (_, engine, stub):
        listed = {task.task_id for task in (await stub.ListTasks(ListTasksRequest())).tasks}
        assert listed == {first.task_id, second.task_id}
        lease = await engine.take()
        assert lease is not None
        assert lease.task.task_id == first.task_id
