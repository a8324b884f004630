"""Watches: by many, from any event on, after the fact, cut off, and of tasks that go away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing

import pytest
from google.rpc import error_details_pb2
from grpc import aio

from api.tasks.conftest import SMALL_WINDOW, RunTasks
from framecap.errors import MediaCorrupt, TaskNotFound
from framecap.tasks.embedded.engine import EmbeddedEngine
from framecap.tasks.engine import Lease, TaskEngine
from framecap.tasks.watch import watch
from framecap.v1 import event_pb2
from framecap.v1.event_pb2 import CaptureEvent, CaptureProgress
from framecap.v1.task_service_pb2 import CancelTaskRequest, DeleteTaskRequest, WatchTaskResponse
from framecap.v1.task_service_pb2_grpc import TaskServiceStub
from support.api.calls import code, detail, reason, take_all, until
from support.api.tasks import create, events_of, of_record, watched, watching
from support.tasks.engines import MINE, PLANNED, PROBED, end, new_task, take, write

pytestmark = pytest.mark.asyncio(loop_scope="module")

WARNING = event_pb2.CaptureWarning(reason="ODD", message="x" * 2000)


async def next_event(events: AsyncIterator[WatchTaskResponse]) -> CaptureEvent:
    """Returns the next event of a watch."""
    return (await anext(events)).event


async def log(engine: TaskEngine, task_id: str) -> list[CaptureEvent]:
    """Returns a task's events of record."""
    events: list[CaptureEvent] = []
    while batch := await engine.events("anonymous", task_id, len(events)):
        events += batch
    return events


async def test_a_watch_has_what_was_and_what_comes_to_the_end(shared_tasks: RunTasks) -> None:
    async with shared_tasks() as (_, engine, stub):
        task_id = (await create(stub)).task_id
        call = events_of(stub, task_id)
        first = await next_event(call)
        assert first.accepted.source == "films/trip.mp4"
        lease = await take(engine)
        assert (await next_event(call)).attempt_started.attempt == 1
        await write(lease, PROBED, PLANNED)
        assert (await next_event(call)).probed == PROBED
        await end(lease)
        rest = await take_all(call)
        assert rest.cases == ["planned", "finished"]
        assert rest.status is None
        assert [first, *(await log(engine, task_id))[1:3], *rest.events] == await log(
            engine, task_id
        )


async def test_many_watchers_have_the_same_events(shared_tasks: RunTasks) -> None:
    async with shared_tasks() as (_, engine, stub):
        task_id = (await create(stub)).task_id
        watchers = [asyncio.create_task(watched(stub, task_id)) for _ in range(30)]
        lease = await take(engine)
        for _ in range(20):
            await write(lease, WARNING)
        await end(lease)
        expected = await log(engine, task_id)
        for taken in await asyncio.gather(*watchers):
            assert taken.status is None
            assert taken.events == expected


async def test_a_watch_goes_on_after_any_event(shared_tasks: RunTasks) -> None:
    async with shared_tasks() as (_, engine, stub):
        task_id = (await create(stub)).task_id
        lease = await take(engine)
        # More than one reading of the log brings.
        for _ in range(15):
            await write(lease, *[WARNING] * 10)
        await end(lease)
        expected = await log(engine, task_id)
        assert len(expected) == 153
        for after in (0, 1, 2, 99, 100, 101, 152, 153):
            taken = await watched(stub, task_id, after)
            assert taken.status is None
            assert taken.events == expected[after:]


async def test_after_the_end_of_an_ended_task_there_is_nothing(shared_tasks: RunTasks) -> None:
    async with shared_tasks() as (_, engine, stub):
        task_id = (await create(stub)).task_id
        await end(await take(engine))
        for after in (3, 4, 2**63 - 1):
            taken = await watched(stub, task_id, after)
            assert (taken.events, taken.status) == ([], None)


async def test_beyond_the_last_event_a_watch_waits_for_those_after(shared_tasks: RunTasks) -> None:
    async with shared_tasks() as (_, engine, stub):
        task_id = (await create(stub)).task_id
        call = events_of(stub, task_id, after=3)
        lease = await take(engine)
        await write(lease, PROBED, PLANNED)
        await end(lease)
        taken = await take_all(call)
        assert taken.cases == ["planned", "finished"]
        assert of_record(taken.events) == [4, 5]


async def test_a_negative_number_is_refused(shared_tasks: RunTasks) -> None:
    async with shared_tasks() as (_, _, stub):
        task_id = (await create(stub)).task_id
        status = (await watched(stub, task_id, -1)).status
        assert status is not None
        assert (code(status), reason(status)) == ("INVALID_ARGUMENT", "VALUE_OUT_OF_RANGE")
        assert status.message == f"after_sequence: -1 is not in 0..{2**63 - 1}"
        (violation,) = detail(status, error_details_pb2.BadRequest).field_violations
        assert violation.field == "after_sequence"


async def test_the_watch_of_a_failed_task_succeeds(shared_tasks: RunTasks) -> None:
    async with shared_tasks() as (_, engine, stub):
        task_id = (await create(stub)).task_id
        call = asyncio.create_task(watched(stub, task_id))
        await end(await take(engine), MediaCorrupt("Broken."))
        for taken in (await call, await watched(stub, task_id)):
            assert taken.status is None
            assert reason(taken.finished.status) == "MEDIA_CORRUPT"


async def test_the_watch_of_a_cancelled_task_succeeds(shared_tasks: RunTasks) -> None:
    async with shared_tasks() as (_, _, stub):
        task_id = (await create(stub)).task_id
        call = asyncio.create_task(watched(stub, task_id))
        await stub.CancelTask(CancelTaskRequest(task_id=task_id))
        taken = await call
        assert taken.status is None
        assert taken.cases == ["accepted", "finished"]
        assert code(taken.finished.status) == "CANCELLED"


async def test_progress_comes_once_each_time_it_changed(shared_tasks: RunTasks) -> None:
    async with shared_tasks() as (_, engine, stub):
        task_id = (await create(stub)).task_id
        lease = await take(engine)
        call = events_of(stub, task_id, after=2)
        for count in (1, 2):
            report = CaptureProgress(captured_count=count)
            await lease.progress(report)
            event = await next_event(call)
            assert (event.sequence, event.progress) == (0, report)
            assert event.HasField("event_time")
        await write(lease, PROBED)
        assert (await next_event(call)).probed == PROBED
        await end(lease)
        assert (await take_all(call)).cases == ["finished"]


async def test_each_attempt_is_in_the_log(shared_tasks: RunTasks) -> None:
    async with shared_tasks() as (_, engine, stub):
        task_id = (await create(stub)).task_id
        call = asyncio.create_task(watched(stub, task_id))
        lease = await take(engine)
        await write(lease, PROBED)
        await lease.hand_back()
        await end(await take(engine))
        taken = await call
        assert taken.cases == [
            "accepted",
            "attempt_started",
            "probed",
            "attempt_started",
            "finished",
        ]


async def long_log(engine: TaskEngine, *, batches: int) -> Lease:
    """Returns the lease of the next task, with more in its log than a connection holds."""
    lease = await take(engine)
    for _ in range(batches):
        await write(lease, *[WARNING] * 100)
    return lease


async def test_a_task_deleted_amid_a_watch_ends_it(shared_tasks: RunTasks) -> None:
    async with shared_tasks() as (_, engine, stub):
        task_id = (await create(stub)).task_id
        await end(await long_log(engine, batches=20))
        # The connection does not hold the whole log.
        call = events_of(stub, task_id)
        first = await next_event(call)
        await stub.DeleteTask(DeleteTaskRequest(task_id=task_id))
        taken = await take_all(call)
        assert 0 < len(taken.events) < 2000
        assert of_record([first, *taken.events]) == list(range(1, len(taken.events) + 2))
        status = taken.status
        assert status is not None
        assert (code(status), reason(status)) == ("NOT_FOUND", "TASK_NOT_FOUND")
        assert status.message == f"there is no task {task_id}"


async def test_a_watcher_that_reads_nothing_blocks_nobody(
    shared_tasks: RunTasks, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[int] = []
    whole = EmbeddedEngine.events

    async def counted(
        engine: EmbeddedEngine, principal: str, task_id: str, after: int = 0, *, limit: int = 100
    ) -> Sequence[CaptureEvent]:
        found = await whole(engine, principal, task_id, after, limit=limit)
        reads.append(len(found))
        return found

    async with shared_tasks() as (shared, engine, stub):
        task_id = (await create(stub)).task_id
        await end(await long_log(engine, batches=20))
        monkeypatch.setattr(EmbeddedEngine, "events", counted)
        async with aio.insecure_channel(shared.address, SMALL_WINDOW) as channel:
            idle = [events_of(TaskServiceStub(channel), task_id) for _ in range(5)]
            for call in idle:
                await next_event(call)
            taken = await watched(stub, task_id)
            assert of_record(taken.events) == list(range(1, 2004))
            # What the service read for those who do not read is a small part of the log.
            assert max(reads) <= 100
            assert sum(reads) - 2003 <= len(idle) * 500
            for call in idle:
                rest = await take_all(call)
                assert of_record(rest.events) == list(range(2, 2004))


async def test_a_watcher_that_goes_away_leaves_nothing(shared_tasks: RunTasks) -> None:
    async with shared_tasks() as (_, engine, stub):
        task_id = (await create(stub)).task_id
        calls = [watching(stub, task_id) for _ in range(10)]
        for call in calls:
            await call.read()
        for call in calls:
            call.cancel()
        await until(lambda: not watches(), "the watches ended")
        await end(await take(engine))
        assert (await watched(stub, task_id)).cases == ["accepted", "attempt_started", "finished"]


def watches() -> list[str]:
    """Returns the calls in this loop that watch a task."""
    tasks = (repr(task.get_coro()) for task in asyncio.all_tasks())
    return [name for name in tasks if "WatchTask" in name]


async def test_a_watch_ends_where_its_log_was_removed(shared_tasks: RunTasks) -> None:
    async with shared_tasks() as (_, engine, _):
        task = (await engine.submit(new_task())).task
        lease = await take(engine)
        for _ in range(3):
            await write(lease, *[WARNING] * 50)
        await end(lease)
        async with aclosing(watch(engine, MINE, task.task_id)) as events:
            assert (await anext(events)).sequence == 1
            await engine.delete(MINE, task.task_id)
            with pytest.raises(TaskNotFound):
                async for event in events:
                    assert event.sequence <= 100
