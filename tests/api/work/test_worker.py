"""Tasks that the service works on itself: from their creation to their end."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from pathlib import Path

import pytest

from framecap.call import ANYONE
from framecap.errors import DataStoreUnavailable
from framecap.server import assembly
from framecap.tasks import retry_policy
from framecap.tasks.embedded.engine import EmbeddedEngine
from framecap.tasks.embedded.lease import EmbeddedLease
from framecap.tasks.engine import EngineSettings
from framecap.tasks.task import TaskState
from framecap.v1 import task_service_pb2 as pb
from framecap.v1.task_service_pb2_grpc import TaskServiceStub
from support.api.calls import EVERY_FRAME_JPG, reason, take, until
from support.api.running import Run
from support.api.tasks import FRONT, create, get, stored, watched
from support.api.working import (
    GOP,
    LONG,
    RunWorking,
    assert_whole,
    decoders_of,
    hashes,
    until_a_frame,
)
from support.clips import make_clip


def lines(folder: Path) -> list[str]:
    """Returns the lines of the files of a folder."""
    return [line for path in folder.glob("*") for line in path.read_text().splitlines()]


async def test_a_task_is_captured_as_a_direct_call_would(working: RunWorking, data: Path) -> None:
    async with working() as (service, tasks, captures):
        direct = await take(
            captures,
            source="films/trip.mp4",
            text="video/snapshots,f_jpg,inter_300",
            delivery=stored("direct/{index}.{autoext}"),
        )
        created = await create(
            tasks,
            text="video/snapshots,f_jpg,inter_300",
            delivery=stored("task/{index}.{autoext}"),
        )
        taken = await watched(tasks, created.task_id)
        task = await get(tasks, created.task_id)
        records = (await service.tasks.usage(ANYONE)).records
    assert taken.status is None
    cases = [case for case in taken.cases if case != "progress"]
    assert cases[:4] == ["accepted", "attempt_started", "probed", "planned"]
    assert cases[4:] == ["frame"] * len(direct.frames) + ["finished"]
    assert_whole(taken, data / "buckets/shots/task")
    assert hashes(data / "buckets/shots/task") == hashes(data / "buckets/shots/direct")
    for ours, theirs in zip(taken.frames, direct.frames, strict=True):
        ours.uri = theirs.uri
        assert ours == theirs
    finished = taken.finished
    assert finished.captured_count == direct.finished.captured_count == len(direct.frames)
    assert finished.usage.image_count == len(direct.frames)
    assert finished.usage.decoded_count == direct.finished.usage.decoded_count
    assert finished.usage.written_bytes == direct.finished.usage.written_bytes
    assert finished.usage.cpu_time.ToNanoseconds() > 0
    assert (task.state, task.attempt) == (pb.TASK_STATE_SUCCEEDED, 1)
    assert task.usage == finished.usage
    (record,) = (record for record in records if record.record_id == created.task_id)
    assert (record.image_count, record.outcome) == (len(direct.frames), "OK")
    assert record.usage.written_bytes == finished.usage.written_bytes


async def test_many_tasks_end_whatever_the_slots(working: RunWorking) -> None:
    async with working(slots=2) as (_, tasks, _):
        made = [
            await create(tasks, delivery=stored(f"{number}/{{index}}.jpg")) for number in range(7)
        ]
        logs = await asyncio.gather(*(watched(tasks, each.task_id) for each in made))
    assert [log.finished.status.code for log in logs] == [0] * len(made)


async def test_a_film_that_is_none_fails_at_once(working: RunWorking, data: Path) -> None:
    (data / "buckets/films/bad.mp4").write_bytes(b"no film" * 1000)
    async with working() as (_, tasks, _):
        created = await create(tasks, source="films/bad.mp4")
        taken = await watched(tasks, created.task_id)
        task = await get(tasks, created.task_id)
    assert taken.status is None, "watching a failed task is a successful call"
    assert (task.state, task.attempt) == (pb.TASK_STATE_FAILED, 1)
    assert reason(task.error) == reason(taken.finished.status) == "MEDIA_CORRUPT"


async def test_a_source_that_changed_fails_and_a_retry_reads_it_anew(
    run: Run, working: RunWorking, data: Path
) -> None:
    async with run(FRONT) as (_, channel, _):
        created = await create(TaskServiceStub(channel))
    make_clip(data / "buckets/films/trip.mp4", frames=30)
    async with working() as (_, tasks, _):
        taken = await watched(tasks, created.task_id)
        again = await tasks.RetryTask(pb.RetryTaskRequest(task_id=created.task_id))
        retried = await watched(tasks, again.task_id)
    assert reason(taken.finished.status) == "SOURCE_CHANGED"
    assert retried.finished.status.code == 0


@pytest.mark.usefixtures("paced")
async def test_a_running_task_is_cancelled_and_keeps_what_is_stored(
    working: RunWorking, data: Path
) -> None:
    async with working() as (_, tasks, _):
        created = await create(tasks, source="films/long.mp4", text=EVERY_FRAME_JPG)
        await until_a_frame(tasks, created.task_id)
        await tasks.CancelTask(pb.CancelTaskRequest(task_id=created.task_id))
        taken = await watched(tasks, created.task_id)
        task = await get(tasks, created.task_id)
    assert task.state == pb.TASK_STATE_CANCELLED
    assert reason(taken.finished.status) == "CANCELLED"
    assert 0 < len(taken.frames) < LONG
    assert_whole(taken, data / "buckets/shots/trip")
    assert taken.finished.captured_count == len(taken.frames)


@pytest.mark.usefixtures("paced")
async def test_a_stopped_service_hands_back_and_the_next_goes_on(
    working: RunWorking, data: Path
) -> None:
    key = "{t_hour}{t_min}{t_sec}/{index}.jpg"
    async with working(grace=0.001) as (_, tasks, _):
        created = await create(
            tasks, source="films/long.mp4", text=EVERY_FRAME_JPG, delivery=stored(key)
        )
        await until_a_frame(tasks, created.task_id, count=300)
    # The names must be those of the creation, not of the attempt.
    await asyncio.sleep(1.1)
    async with working() as (service, tasks, captures):
        handed_back = (await get(tasks, created.task_id)).usage.decoded_count
        taken = await watched(tasks, created.task_id)
        task = await get(tasks, created.task_id)
        await take(
            captures,
            source="films/long.mp4",
            text=EVERY_FRAME_JPG,
            delivery=stored("direct/{index}.jpg"),
        )
        usage = (await service.tasks.usage(ANYONE)).records
    assert task.state == pb.TASK_STATE_SUCCEEDED
    assert task.attempt == 1, "handing back counts as no attempt"
    assert taken.cases.count("attempt_started") == 2
    (folder,) = (path for path in (data / "buckets/shots").iterdir() if path.name != "direct")
    assert_whole(taken, folder)
    assert hashes(folder) == hashes(data / "buckets/shots/direct")
    (record,) = (record for record in usage if record.record_id == created.task_id)
    assert record.image_count == LONG
    # What the first attempt stored was not decoded again, but for a begun group of pictures.
    stored_before = len(taken.frames) - LONG
    assert stored_before >= 300
    assert record.usage.decoded_count - handed_back <= LONG - stored_before + GOP


@pytest.mark.usefixtures("paced")
async def test_a_lost_decoder_is_tried_again(
    working: RunWorking, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry_policy, "DELAYS", (0,))
    async with working() as (service, tasks, _):
        created = await create(tasks, source="films/long.mp4", text=EVERY_FRAME_JPG)
        await until_a_frame(tasks, created.task_id, count=100)
        for pid in decoders_of(service):
            os.kill(pid, signal.SIGKILL)
        taken = await watched(tasks, created.task_id)
        task = await get(tasks, created.task_id)
    assert (task.state, task.attempt) == (pb.TASK_STATE_SUCCEEDED, 2)
    assert_whole(taken, data / "buckets/shots/trip")


async def test_a_lease_that_cannot_be_confirmed_ends_the_capture_and_another_follows(
    working: RunWorking, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = EngineSettings(lease=2_000_000_000)
    monkeypatch.setattr(
        assembly,
        "EmbeddedEngine",
        lambda path, envelope, settings: EmbeddedEngine(path, envelope=envelope, settings=short),
    )
    confirm = EmbeddedLease.confirm
    refused = 0

    async def refusing(lease: EmbeddedLease) -> None:
        nonlocal refused
        if lease.task.attempt == 1:
            refused += 1
            raise DataStoreUnavailable("The store cannot be written.")
        await confirm(lease)

    monkeypatch.setattr(EmbeddedLease, "confirm", refusing)
    make_clip(data / "buckets/films/longer.mp4", frames=2 * LONG, gop=25, size=(64, 36))
    async with working() as (service, tasks, _):
        created = await create(tasks, source="films/longer.mp4", text=EVERY_FRAME_JPG)
        await until(lambda: refused >= 2, "the lease is not confirmed")
        taken = await watched(tasks, created.task_id)
        task = await service.tasks.get(ANYONE, created.task_id)
    assert task.state is TaskState.SUCCEEDED
    # On a busy machine another lease may run out, too.
    assert task.attempt >= 2
    assert_whole(taken, data / "buckets/shots/trip")


async def test_the_end_is_told_to_its_topic(working: RunWorking, data: Path) -> None:
    (data / "buckets/films/bad.mp4").write_bytes(b"no film" * 1000)
    async with working() as (_, tasks, _):
        good = await create(tasks, delivery=stored(topic="ends"))
        await watched(tasks, good.task_id)
        bad = await create(tasks, source="films/bad.mp4", delivery=stored(topic="ends"))
        await watched(tasks, bad.task_id)
        silent = await create(tasks)
        await watched(tasks, silent.task_id)
        await until(lambda: len(lines(data / "notifications")) == 2, "both ends are told")
    told = [json.loads(line) for line in lines(data / "notifications")]
    assert [message["id"] for message in told] == [good.event_id, bad.event_id]
    contents = [json.loads(message["content"]) for message in told]
    assert [content["TaskId"] for content in contents] == [good.task_id, bad.task_id]
    assert [content["Status"] for content in contents] == ["Succeeded", "Failed"]
    assert [content["Code"] for content in contents] == ["", "MEDIA_CORRUPT"]
