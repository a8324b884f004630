"""Workers that are killed, and workers that stand still for longer than their lease."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

from framecap.call import ANYONE
from framecap.v1 import task_service_pb2 as pb
from framecap.v1.task_service_pb2_grpc import TaskServiceStub
from support.api.calls import EVERY_FRAME_JPG, take, until
from support.api.running import Run
from support.api.tasks import FRONT, create, events_of, get, of_record, stored, watched
from support.api.working import GOP, assert_without_gap, hashes, last_attempt, until_a_frame
from support.clips import make_clip
from support.tasks.worker_process import S, Worker, worker_process

IMAGES = 1000
KILLED_AT = 700
LEASE = 2 * S
"""Short. On a machine that stands still for longer there are more attempts, and as many images."""


async def begun(stub: TaskServiceStub, data: Path, key: str) -> str:
    """Creates a task of many images; returns its id."""
    make_clip(data / "buckets/films/thousand.mp4", frames=IMAGES, gop=GOP, size=(64, 36))
    created = await create(
        stub, source="films/thousand.mp4", text=EVERY_FRAME_JPG, delivery=stored(key)
    )
    return created.task_id


def inodes(folder: Path) -> dict[str, int]:
    """Returns the inodes of the images of a folder: a file that is written again has another."""
    return {path.name: path.stat().st_ino for path in folder.glob("*.jpg")}


async def test_a_killed_worker_is_succeeded_by_another_that_goes_on(run: Run, data: Path) -> None:
    shots = data / "buckets/shots"
    async with run(FRONT) as (service, channel, captures):
        stub = TaskServiceStub(channel)
        task_id = await begun(stub, data, "task/{index}.jpg")
        with worker_process(data, LEASE, "first", exit_status=-signal.SIGKILL) as first:
            await until_a_frame(stub, task_id, KILLED_AT)
            first.send(signal.SIGKILL)
            first.process.wait()
        before = inodes(shots / "task")
        assert KILLED_AT <= len(before) < IMAGES
        with worker_process(data, LEASE, "second") as second:
            taken = await watched(stub, task_id)
            task = await get(stub, task_id)
            await succeeded(second)
        await take(
            captures,
            source="films/thousand.mp4",
            text=EVERY_FRAME_JPG,
            delivery=stored("direct/{index}.jpg"),
        )
        records = (await service.tasks.usage(ANYONE)).records
    assert task.state == pb.TASK_STATE_SUCCEEDED
    assert task.attempt == taken.cases.count("attempt_started") >= 2
    assert_without_gap(taken)
    assert hashes(shots / "task") == hashes(shots / "direct")
    assert before.items() <= inodes(shots / "task").items(), "no image is stored twice"
    (record,) = (record for record in records if record.record_id == task_id)
    assert record.image_count == IMAGES
    # The killed attempt reported nothing, so these are the frames of the second one.
    assert record.usage.decoded_count <= 0.4 * IMAGES


async def succeeded(worker: Worker) -> None:
    """Returns once a worker's latest attempt succeeded."""
    await until(lambda: worker.outcomes[-1:] == ["succeeded"], "the attempt is over")


async def lost(worker: Worker) -> None:
    """Returns once a worker gave up an attempt."""
    await until(lambda: "lost" in worker.outcomes, "the worker gives the attempt up")


async def test_a_worker_that_stood_still_gives_up_and_goes_on_with_the_next_task(
    run: Run, data: Path
) -> None:
    shots = data / "buckets/shots"
    async with run(FRONT) as (_, channel, captures):
        stub = TaskServiceStub(channel)
        task_id = await begun(stub, data, "task/{index}.jpg")
        with worker_process(data, LEASE, "stopped") as stopped:
            await until_a_frame(stub, task_id, 100)
            stopped.send(signal.SIGSTOP)
            with worker_process(data, LEASE, "other") as other:
                taken = await watched(stub, task_id)
                await succeeded(other)
            before, contents = inodes(shots / "task"), hashes(shots / "task")
            stopped.send(signal.SIGCONT)
            await lost(stopped)
            # The one file that a thread was about to name may still appear; it is the same.
            changed = inodes(shots / "task").items() - before.items()
            assert len(changed) <= 1
            assert hashes(shots / "task") == contents
            # It is as good as before: it takes the next task.
            again = await create(stub, delivery=stored("again/{index}.jpg"))
            assert (await watched(stub, again.task_id)).finished.status.code == 0
            await succeeded(stopped)
        after = await watched(stub, task_id)
        task = await get(stub, task_id)
        await take(
            captures,
            source="films/thousand.mp4",
            text=EVERY_FRAME_JPG,
            delivery=stored("direct/{index}.jpg"),
        )
    assert task.state == pb.TASK_STATE_SUCCEEDED
    assert task.attempt == taken.cases.count("attempt_started") >= 2
    assert of_record(after.events) == of_record(taken.events)
    assert_without_gap(taken)
    assert len(last_attempt(taken).frames) == IMAGES
    assert hashes(shots / "task") == hashes(shots / "direct")


async def test_a_worker_that_goes_on_beside_its_successor_changes_nothing(
    run: Run, data: Path
) -> None:
    shots = data / "buckets/shots"
    async with run(FRONT) as (_, channel, captures):
        stub = TaskServiceStub(channel)
        task_id = await begun(stub, data, "task/{index}.jpg")
        with worker_process(data, LEASE, "stopped") as stopped:
            await until_a_frame(stub, task_id, 100)
            stopped.send(signal.SIGSTOP)
            with worker_process(data, LEASE, "other") as other:
                await second_attempt(stub, task_id)
                stopped.send(signal.SIGCONT)
                await lost(stopped)
                taken = await watched(stub, task_id)
                await succeeded(other)
        await take(
            captures,
            source="films/thousand.mp4",
            text=EVERY_FRAME_JPG,
            delivery=stored("direct/{index}.jpg"),
        )
    assert taken.cases.count("attempt_started") >= 2
    assert_without_gap(taken)
    assert hashes(shots / "task") == hashes(shots / "direct")


async def second_attempt(stub: TaskServiceStub, task_id: str) -> None:
    """Returns once a second attempt has begun."""
    async for response in events_of(stub, task_id):
        if response.event.attempt_started.attempt >= 2:
            return
        await asyncio.sleep(0)
