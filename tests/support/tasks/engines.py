"""The promises of every engine of tasks. An engine's own tests say only how one is built."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Protocol

import pytest

from framecap.errors import (
    CaptureError,
    Code,
    MediaCorrupt,
    RequestIdReused,
    SinkUnreachable,
    TaskNotEnded,
    TaskNotFound,
    ValueOutOfRange,
)
from framecap.events.messages import finished
from framecap.events.stream import EventStream, Payload
from framecap.model.usage import Usage, UsageRecord
from framecap.source.pin import SourcePin
from framecap.tasks.ends import reason_of
from framecap.tasks.engine import (
    SHARDS,
    EngineSettings,
    Fenced,
    Lease,
    LeaseLost,
    TaskEngine,
    shard_of,
)
from framecap.tasks.retry_policy import DELAYS, MAX_ATTEMPTS
from framecap.tasks.task import (
    ALL_USAGE,
    DEFAULT_PAGE_SIZE,
    Ending,
    NewTask,
    Task,
    TaskFilter,
    TaskState,
    UsageFilter,
)
from framecap.tasks.watch import watch
from framecap.v1 import event_pb2
from framecap.v1.event_pb2 import CaptureEvent

S = 1_000_000_000
LEASE = 2 * S
WEEK = 7 * 24 * 3600 * S
SETTINGS = EngineSettings(lease=LEASE)

MINE = "media-team"
WORKED = Usage(decoded_count=7, cpu=3, read_bytes=100, written_bytes=20, request_count=4)


def envelope(task: Task) -> bytes:
    """A notification's body that says what it was made of."""
    return f"{task.task_id} {task.state.name} {task.image_count}".encode()


def new_task(principal: str = MINE, **changed: Any) -> NewTask:
    """Returns a submission."""
    source = changed.get("source", "films/trip.mp4")
    new = NewTask(
        principal=principal,
        call_id="call-1",
        accepted=event_pb2.CaptureAccepted(call_id="call-1", source=source),
        request=b"request",
        work=b"request?signature",
        canonical=b"canonical",
        source=source,
        mode="interval",
        pin=SourcePin(etag='"e"', size=5),
    )
    return replace(new, **changed)


def succeeded() -> event_pb2.CaptureFinished:
    """The payload that ends a task well."""
    return event_pb2.CaptureFinished(captured_count=3, status=finished().status)


def stream_of(lease: Lease) -> EventStream:
    """Returns the stream of a lease's next events."""
    return EventStream.resumed(lease.sequence)


async def write(lease: Lease, *payloads: Payload) -> list[CaptureEvent]:
    """Appends payloads to a task's log."""
    stream = stream_of(lease)
    events = [stream.wrap(payload) for payload in payloads]
    await lease.append(events)
    return events


async def end(lease: Lease, error: CaptureError | None = None, images: int = 3) -> Task:
    """Ends a task."""
    payload = succeeded() if error is None else finished(None, error)
    events = (stream_of(lease).wrap(payload),)
    return await lease.finish(Ending(events=events, image_count=images, usage=WORKED))


async def take(engine: TaskEngine) -> Lease:
    """Takes a task, which is there."""
    lease = await engine.take()
    assert lease is not None
    return lease


async def log(engine: TaskEngine, task: Task) -> list[str]:
    """Returns the cases of a task's events, whose numbers have no gap."""
    events: list[CaptureEvent] = []
    while batch := await engine.events(task.principal, task.task_id, len(events), limit=3):
        events += batch
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    return [event.WhichOneof("event") or "" for event in events]


async def recorded(
    engine: TaskEngine, principal: str | None = None, chosen: UsageFilter = ALL_USAGE
) -> list[UsageRecord]:
    """Returns the usage records of a list, read in pages of two."""
    page = await engine.usage(principal, chosen, page_size=2)
    records = [*page.records]
    while page.next_page_token:
        page = await engine.usage(principal, chosen, page_size=2, page_token=page.next_page_token)
        records += page.records
    return records


def direct(record_id: str, end_time: int, principal: str = MINE) -> UsageRecord:
    """Returns the usage record of a direct capture."""
    return UsageRecord(
        record_id=record_id,
        principal=principal,
        source="films/a.mp4",
        mode="key",
        outcome="OK",
        image_count=2,
        usage=WORKED,
        end_time=end_time,
    )


def principal_of(shard: int) -> str:
    """Returns a principal whose tasks are in a shard."""
    names = (f"team-{number}" for number in range(1000))
    return next(name for name in names if shard_of(name) == shard)


PROBED = event_pb2.MediaProbed(codec="h264")
PLANNED = event_pb2.CapturePlanned(decode_count=1)
LOST_STORE = SinkUnreachable("The store is away.")


class Setup(Protocol):
    """A store of tasks, seen by two processes."""

    engine: TaskEngine
    other: TaskEngine

    async def pass_time(self, duration: int, *, holders: bool = True) -> None:
        """Returns when so many nanoseconds have passed for the engines.

        Args:
            duration: The time.
            holders: False where the holders' own clocks stand still meanwhile.
        """


class EngineContract:
    """Its subclass has a fixture `setup`; the engines have `SETTINGS` and `envelope`."""

    # Submission

    async def test_a_submission_is_pending_and_its_log_begins(self, setup: Setup) -> None:
        labels = {"show": "trip"}
        submitted = await setup.engine.submit(
            new_task(labels=labels, user_data="u", project="p", topic="t", retry_of="r")
        )
        task = submitted.task
        assert submitted.created
        assert task.state == TaskState.PENDING
        assert task.task_id.startswith("MediaConvert-")
        assert (task.call_id, task.principal, task.request) == ("call-1", MINE, b"request")
        assert (task.user_data, task.project, task.topic, task.retry_of) == ("u", "p", "t", "r")
        assert (dict(task.labels), task.pin) == (labels, SourcePin(etag='"e"', size=5))
        assert (task.attempt, task.start_time, task.end_time, task.error) == (0, None, None, None)
        assert await setup.other.get(MINE, task.task_id) == task
        assert await log(setup.other, task) == ["accepted"]

    async def test_a_request_id_stands_for_its_first_task(self, setup: Setup) -> None:
        first = await setup.engine.submit(new_task(request_id="a"))
        again = await setup.other.submit(new_task(request_id="a", call_id="call-2"))
        assert (again.task, again.created) == (first.task, False)
        await end(await take(setup.engine))
        again = await setup.other.submit(new_task(request_id="a", call_id="call-3"))
        assert again.task.state == TaskState.SUCCEEDED
        assert (again.task.task_id, again.task.call_id) == (first.task.task_id, "call-1")

    @pytest.mark.parametrize(
        "changed",
        [
            {"canonical": b"another"},
            {"source": "films/other.mp4"},
            {"labels": {"a": "c"}},
            {"labels": {}},
            {"user_data": "v"},
            {"project": "q"},
            {"topic": "other"},
        ],
        ids=lambda changed: next(iter(changed)),
    )
    async def test_a_request_id_is_refused_for_another_body(
        self, setup: Setup, changed: dict[str, Any]
    ) -> None:
        body: dict[str, Any] = {"request_id": "a", "labels": {"a": "b"}, "user_data": "u"}
        await setup.engine.submit(new_task(**body))
        with pytest.raises(RequestIdReused) as caught:
            await setup.other.submit(new_task(**{**body, **changed}))
        assert caught.value.metadata == {"request_id": "a"}
        assert len((await setup.engine.list(MINE)).tasks) == 1

    async def test_each_principal_has_its_own_request_ids(self, setup: Setup) -> None:
        first = await setup.engine.submit(new_task(request_id="a"))
        other = await setup.engine.submit(new_task("other", request_id="a", user_data="u"))
        assert other.created
        assert other.task.task_id != first.task.task_id

    async def test_without_a_request_id_each_submission_is_a_task(self, setup: Setup) -> None:
        tasks = {(await setup.engine.submit(new_task())).task.task_id for _ in range(3)}
        assert len(tasks) == 3

    async def test_the_request_id_of_a_deleted_task_stands_for_nothing(self, setup: Setup) -> None:
        first = (await setup.engine.submit(new_task(request_id="a"))).task
        await end(await take(setup.engine))
        await setup.engine.delete(MINE, first.task_id)
        with pytest.raises(TaskNotFound):
            await setup.other.submit(new_task(request_id="a"))

    async def test_a_repeat_is_known_before_it_is_submitted(self, setup: Setup) -> None:
        assert await setup.engine.first_of(new_task(request_id="a")) is None
        assert await setup.engine.first_of(new_task()) is None
        first = (await setup.engine.submit(new_task(request_id="a"))).task
        again = new_task(request_id="a", call_id="call-2", pin=SourcePin())
        assert await setup.other.first_of(again) == first
        assert await setup.other.first_of(new_task("other", request_id="a")) is None
        with pytest.raises(RequestIdReused):
            await setup.other.first_of(new_task(request_id="a", user_data="u"))
        await end(await take(setup.engine))
        await setup.engine.delete(MINE, first.task_id)
        with pytest.raises(TaskNotFound):
            await setup.other.first_of(again)

    async def test_fifty_submissions_at_once_are_one_task(self, setup: Setup) -> None:
        answers = await asyncio.gather(
            *(
                engine.submit(new_task(request_id="a", call_id=f"call-{number}"))
                for number in range(25)
                for engine in (setup.engine, setup.other)
            )
        )
        assert len({answer.task.task_id for answer in answers}) == 1
        assert len({answer.task.call_id for answer in answers}) == 1
        assert sum(answer.created for answer in answers) == 1

    # Reading

    async def test_a_principal_has_only_its_own_tasks(self, setup: Setup) -> None:
        task = (await setup.engine.submit(new_task())).task
        calls: list[Callable[[str, str], Awaitable[Any]]] = [
            setup.engine.get,
            setup.engine.events,
            setup.engine.request_cancel,
            setup.engine.delete,
        ]
        for call in calls:
            for principal, task_id in (("other", task.task_id), (MINE, task.task_id + "0")):
                with pytest.raises(TaskNotFound) as caught:
                    await call(principal, task_id)
                assert caught.value.metadata == {"task": task_id}
        assert (await setup.engine.list("other")).tasks == ()
        assert (await setup.engine.get(MINE, task.task_id)).state == TaskState.PENDING

    async def test_lists_are_newest_first_in_pages(self, setup: Setup) -> None:
        made = [(await setup.engine.submit(new_task())).task.task_id for _ in range(7)]
        await setup.engine.submit(new_task("other"))
        listed, token = [], ""
        while True:
            page = await setup.other.list(MINE, page_size=3, page_token=token)
            listed += [task.task_id for task in page.tasks]
            token = page.next_page_token
            if not token:
                break
        assert listed == made[::-1]
        assert len((await setup.engine.list(MINE)).tasks) == min(7, DEFAULT_PAGE_SIZE)

    async def test_lists_have_filters(self, setup: Setup) -> None:
        tasks = []
        for source in ("films/a.mp4", "films/b.mp4", "music/a.mp3", "films%a"):
            tasks.append((await setup.engine.submit(new_task(source=source))).task)
            await setup.pass_time(5_000_000)
        first = await take(setup.engine)
        await end(first, MediaCorrupt("Broken."))
        await end(await take(setup.engine))
        await take(setup.engine)

        async def listed(**chosen: Any) -> list[str]:
            found = await setup.other.list(MINE, TaskFilter(**chosen))
            return [task.source for task in found.tasks]

        assert await listed(states=frozenset({TaskState.FAILED})) == ["films/a.mp4"]
        ended = frozenset({TaskState.FAILED, TaskState.SUCCEEDED})
        assert await listed(states=ended) == ["films/b.mp4", "films/a.mp4"]
        assert await listed(source_prefix="films/") == ["films/b.mp4", "films/a.mp4"]
        assert await listed(source_prefix="films%") == ["films%a"]
        assert await listed(source_prefix="films/", states=frozenset({TaskState.PENDING})) == []
        after = tasks[2].create_time
        assert await listed(created_from=after) == ["films%a", "music/a.mp3"]
        assert await listed(created_before=after) == ["films/b.mp4", "films/a.mp4"]
        assert await listed(created_from=after, created_before=after + 1) == ["music/a.mp3"]
        assert await listed(dead=True) == []

    async def test_a_token_belongs_to_its_list(self, setup: Setup) -> None:
        for _ in range(3):
            await setup.engine.submit(new_task())
        token = (await setup.engine.list(MINE, page_size=1)).next_page_token
        for page_token in ("x", "é", token[:-4], token + "AAAA"):
            with pytest.raises(ValueOutOfRange):
                await setup.engine.list(MINE, page_token=page_token)
        with pytest.raises(ValueOutOfRange):
            await setup.engine.list("other", page_token=token)
        with pytest.raises(ValueOutOfRange):
            await setup.engine.list(MINE, TaskFilter(source_prefix="f"), page_token=token)

    # Taking

    async def test_a_taken_task_runs_and_its_attempt_is_in_the_log(self, setup: Setup) -> None:
        task = (await setup.engine.submit(new_task())).task
        lease = await take(setup.other)
        assert lease.task.task_id == task.task_id
        assert (lease.task.state, lease.task.attempt) == (TaskState.RUNNING, 1)
        assert (lease.work, lease.sequence, lease.held) == (b"request?signature", 2, True)
        assert lease.task.start_time is not None
        assert await log(setup.engine, task) == ["accepted", "attempt_started"]
        assert await setup.engine.take() is None
        assert await setup.other.take() is None

    async def test_a_task_is_taken_once(self, setup: Setup) -> None:
        for _ in range(20):
            await setup.engine.submit(new_task())
        engines = [setup.engine, setup.other] * 15
        leases = [lease for lease in await asyncio.gather(*(e.take() for e in engines)) if lease]
        assert len({lease.task.task_id for lease in leases}) == len(leases)
        while (lease := await setup.engine.take()) is not None:
            leases.append(lease)
        assert len({lease.task.task_id for lease in leases}) == len(leases) == 20

    @pytest.mark.parametrize("shard", [SHARDS // 2 - 1, SHARDS // 2 + 1])
    async def test_a_busy_principal_delays_another_by_one_turn(
        self, setup: Setup, shard: int
    ) -> None:
        busy, cold = principal_of(SHARDS // 2), principal_of(shard)
        for _ in range(2 * SHARDS):
            await setup.engine.submit(new_task(busy))
        for _ in range(3):
            await take(setup.engine)
        await setup.engine.submit(new_task(cold))
        served = [(await take(setup.engine)).task.principal for _ in range(SHARDS)]
        assert cold in served

    async def test_the_tasks_of_a_shard_are_taken_in_order(self, setup: Setup) -> None:
        made = [(await setup.engine.submit(new_task())).task.task_id for _ in range(5)]
        assert [(await take(setup.engine)).task.task_id for _ in range(5)] == made

    async def test_a_take_that_is_cancelled_takes_nothing(self, setup: Setup) -> None:
        await setup.engine.submit(new_task())
        for turns in range(12):
            taking = asyncio.ensure_future(setup.engine.take())
            for _ in range(turns):
                await asyncio.sleep(0.001)
            taking.cancel()
            (lease,) = await asyncio.gather(taking, return_exceptions=True)
            if not isinstance(lease, asyncio.CancelledError | None):
                await lease.hand_back()
        assert (await take(setup.engine)).task.attempt == 1

    async def test_those_who_wait_for_work_are_woken(self, setup: Setup) -> None:
        async def worked() -> Lease:
            while (lease := await setup.other.take()) is None:
                await setup.other.wait_for_work()
            return lease

        waiting = asyncio.ensure_future(worked())
        await asyncio.sleep(0.05)
        task = (await setup.engine.submit(new_task())).task
        assert (await waiting).task.task_id == task.task_id

    # The log, and fencing

    async def test_events_are_kept_in_order_and_resumable(self, setup: Setup) -> None:
        task = (await setup.engine.submit(new_task())).task
        lease = await take(setup.engine)
        kept = await write(lease, PROBED, PLANNED)
        assert lease.sequence == 4
        await lease.append([])
        assert list(await setup.other.events(MINE, task.task_id, 2)) == kept
        assert list(await setup.other.events(MINE, task.task_id, 3)) == kept[1:]
        assert list(await setup.other.events(MINE, task.task_id, 4)) == []
        assert len(await setup.other.events(MINE, task.task_id, limit=1)) == 1

    async def test_numbers_that_do_not_follow_are_refused_whole(self, setup: Setup) -> None:
        task = (await setup.engine.submit(new_task())).task
        lease = await take(setup.engine)
        stream = EventStream.resumed(lease.sequence)
        first, second = stream.wrap(PROBED), stream.wrap(PLANNED)
        for events in ([second], [first, first], [second, first]):
            with pytest.raises(ValueError, match="follows"):
                await lease.append(events)
        with pytest.raises(ValueError, match="finished"):
            await lease.finish(Ending(events=(first,)))
        assert await log(setup.engine, task) == ["accepted", "attempt_started"]
        await lease.append([first, second])

    async def test_a_stale_holder_writes_nothing(self, setup: Setup) -> None:
        task = (await setup.engine.submit(new_task(topic="t"))).task
        stale = await take(setup.engine)
        await setup.pass_time(LEASE)
        fresh = await take(setup.other)
        assert (fresh.task.task_id, fresh.task.attempt) == (task.task_id, 2)
        await write(fresh, PROBED)
        for attempt in self._writes(stale):
            with pytest.raises(Fenced):
                await attempt
        assert not stale.held
        written = ["accepted", "attempt_started", "attempt_started", "probed"]
        assert await log(setup.engine, task) == written
        assert (await setup.engine.get(MINE, task.task_id)).progress is None
        await end(fresh)
        assert await log(setup.engine, task) == [*written, "finished"]
        assert len(await recorded(setup.engine)) == 1

    @pytest.mark.parametrize("number", range(6))
    async def test_a_holder_whose_clock_is_wrong_is_fenced(self, setup: Setup, number: int) -> None:
        task = (await setup.engine.submit(new_task(topic="t"))).task
        stale = await take(setup.engine)
        await setup.pass_time(LEASE, holders=False)
        await take(setup.other)
        seen = await setup.engine.get(MINE, task.task_id)
        assert stale.held
        for attempt in self._writes(stale, number):
            with pytest.raises(Fenced) as caught:
                await attempt
            assert caught.type is Fenced
        assert not stale.held
        assert await setup.engine.get(MINE, task.task_id) == seen
        assert await log(setup.engine, task) == ["accepted", *["attempt_started"] * 2]
        assert await setup.engine.take_notification() is None
        assert await recorded(setup.engine) == []

    def _writes(self, lease: Lease, number: int | None = None) -> list[Awaitable[Any]]:
        """Returns what a holder may write: all, or one of it."""
        writes: list[Callable[[], Awaitable[Any]]] = [
            lambda: write(lease, PROBED),
            lambda: end(lease),
            lease.hand_back,
            lambda: lease.retry_later(LOST_STORE),
            lease.confirm,
            lambda: lease.progress(event_pb2.CaptureProgress(captured_count=9)),
        ]
        return [each() for each in (writes if number is None else [writes[number]])]

    async def test_a_holder_stops_by_its_own_clock(self, setup: Setup) -> None:
        await setup.engine.submit(new_task())
        lease = await take(setup.engine)
        await setup.pass_time(LEASE)
        assert not lease.held
        for attempt in self._writes(lease):
            with pytest.raises(LeaseLost):
                await attempt

    async def test_a_confirmed_lease_goes_on(self, setup: Setup) -> None:
        await setup.engine.submit(new_task())
        lease = await take(setup.engine)
        for _ in range(3):
            await setup.pass_time(LEASE * 6 // 10)
            before = lease.confirmed_until
            await lease.confirm()
            assert lease.confirmed_until > before
            assert lease.held
            assert await setup.other.take() is None
        await end(lease)
        assert not lease.held
        for attempt in self._writes(lease):
            with pytest.raises(Fenced):
                await attempt

    # Ends and repeats

    @pytest.mark.parametrize(
        ("error", "state", "outcome"),
        [
            (None, TaskState.SUCCEEDED, "OK"),
            (MediaCorrupt("Broken."), TaskState.FAILED, "MEDIA_CORRUPT"),
        ],
    )
    async def test_an_end_is_in_all_records_at_once(
        self, setup: Setup, error: CaptureError | None, state: TaskState, outcome: str
    ) -> None:
        task = (await setup.engine.submit(new_task(topic="t"))).task
        ended = await end(await take(setup.engine), error)
        assert (ended.state, ended.image_count, ended.usage) == (state, 3, WORKED)
        assert ended.end_time is not None
        assert (ended.error is None) == (error is None)
        assert await setup.other.get(MINE, task.task_id) == ended
        assert await log(setup.other, task) == ["accepted", "attempt_started", "finished"]
        await self._check_records(setup, ended, outcome)

    async def _check_records(self, setup: Setup, ended: Task, outcome: str) -> None:
        """Checks that an ended task has one notification and one usage record."""
        notification = await setup.other.take_notification()
        assert notification is not None
        assert (notification.event_id, notification.topic) == (ended.event_id, "t")
        assert notification.body == envelope(ended)
        assert await setup.engine.take_notification() is None
        (record,) = await recorded(setup.other, MINE)
        assert (record.record_id, record.outcome) == (ended.task_id, outcome)
        assert (record.source, record.mode) == (ended.source, ended.mode)
        assert (record.image_count, record.usage) == (ended.image_count, ended.usage)
        assert record.end_time == ended.end_time
        assert await recorded(setup.engine, "other") == []
        assert await recorded(setup.engine, None, UsageFilter(ended_from=record.end_time + 1)) == []

    async def test_no_topic_no_notification(self, setup: Setup) -> None:
        await setup.engine.submit(new_task())
        await end(await take(setup.engine))
        assert await setup.engine.take_notification() is None

    async def test_the_worker_dies_five_times(self, setup: Setup) -> None:
        task = (await setup.engine.submit(new_task(topic="t"))).task
        for attempt in range(1, MAX_ATTEMPTS + 1):
            lease = await take(setup.engine)
            assert lease.task.attempt == attempt
            await setup.pass_time(LEASE)
        assert await setup.other.take() is None
        ended = await setup.other.get(MINE, task.task_id)
        assert (ended.state, ended.dead) == (TaskState.FAILED, True)
        assert ended.error is not None
        assert ended.error.code == Code.FAILED_PRECONDITION
        assert reason_of(ended.error) == "WORKER_LOST"
        assert await log(setup.engine, task) == ["accepted", *["attempt_started"] * 5, "finished"]
        assert (await setup.engine.list(MINE, TaskFilter(dead=True))).tasks == (ended,)
        await self._check_records(setup, ended, "WORKER_LOST")

    async def test_a_sweep_reclaims_the_tasks_of_the_dead(self, setup: Setup) -> None:
        task = (await setup.engine.submit(new_task())).task
        await take(setup.engine)
        assert (await setup.other.sweep()).reclaimed == 0
        await setup.pass_time(LEASE)
        assert (await setup.other.sweep()).reclaimed == 1
        assert (await setup.engine.get(MINE, task.task_id)).state == TaskState.PENDING

    async def test_handing_back_is_no_attempt(self, setup: Setup) -> None:
        task = (await setup.engine.submit(new_task())).task
        later = (await setup.engine.submit(new_task())).task
        for _ in range(MAX_ATTEMPTS + 2):
            lease = await take(setup.engine)
            assert (lease.task.task_id, lease.task.attempt) == (task.task_id, 1)
            given = await lease.hand_back(WORKED)
            assert (given.state, given.attempt) == (TaskState.PENDING, 0)
            assert not lease.held
        assert given.usage.decoded_count == WORKED.decoded_count * (MAX_ATTEMPTS + 2)
        await take(setup.engine)
        assert (await take(setup.engine)).task.task_id == later.task_id

    async def test_a_retry_waits_and_shares_the_attempts(self, setup: Setup) -> None:
        task = (await setup.engine.submit(new_task(topic="t"))).task
        await take(setup.engine)
        await setup.pass_time(LEASE)
        for attempt in range(2, MAX_ATTEMPTS + 1):
            lease = await take(setup.engine)
            assert lease.task.attempt == attempt
            waiting = await lease.retry_later(LOST_STORE, WORKED)
            assert await setup.other.take() is None
            if attempt < MAX_ATTEMPTS:
                assert waiting.state == TaskState.PENDING
                await setup.pass_time(DELAYS[attempt - 1] * 13 // 10)
        assert (waiting.state, waiting.dead) == (TaskState.FAILED, False)
        assert waiting.error is not None
        assert reason_of(waiting.error) == "SINK_UNREACHABLE"
        assert waiting.usage.cpu == WORKED.cpu * (MAX_ATTEMPTS - 1)
        assert (await log(setup.engine, task))[-1] == "finished"
        await self._check_records(setup, waiting, "SINK_UNREACHABLE")

    async def test_a_failure_may_name_a_longer_wait(self, setup: Setup) -> None:
        await setup.engine.submit(new_task())
        error = SinkUnreachable("Away.", retry_after_ms=60_000)
        await (await take(setup.engine)).retry_later(error)
        await setup.pass_time(59 * S)
        assert await setup.engine.take() is None
        await setup.pass_time(2 * S)
        await take(setup.engine)

    async def test_progress_is_kept_but_not_of_record(self, setup: Setup) -> None:
        task = (await setup.engine.submit(new_task())).task
        lease = await take(setup.engine)
        report = event_pb2.CaptureProgress(captured_count=9, read_bytes=5)
        await lease.progress(report)
        seen = await setup.other.get(MINE, task.task_id)
        assert (seen.progress, seen.image_count) == (report, 9)
        assert await log(setup.engine, task) == ["accepted", "attempt_started"]
        await setup.pass_time(LEASE)
        again = await take(setup.engine)
        assert (again.task.progress, again.task.image_count) == (None, 0)

    # Cancelling and removing

    async def test_a_pending_task_is_cancelled_at_once(self, setup: Setup) -> None:
        task = (await setup.engine.submit(new_task(topic="t"))).task
        ended = await setup.other.request_cancel(MINE, task.task_id)
        assert (ended.state, ended.error) == (TaskState.CANCELLED, None)
        assert await setup.engine.take() is None
        assert await log(setup.engine, task) == ["accepted", "finished"]
        await self._check_records(setup, ended, "CANCELLED")
        assert await setup.engine.request_cancel(MINE, task.task_id) == ended

    async def test_the_holder_of_a_cancelled_task_is_asked_to_stop(self, setup: Setup) -> None:
        for canceller in (setup.engine, setup.other):
            task = (await setup.engine.submit(new_task())).task
            lease = await take(setup.engine)
            assert not lease.cancel_requested.is_set()
            seen = await canceller.request_cancel(MINE, task.task_id)
            assert (seen.state, seen.cancel_requested) == (TaskState.RUNNING, True)
            await lease.confirm()
            assert lease.cancel_requested.is_set()
            ended = await lease.hand_back()
            assert ended.state == TaskState.CANCELLED
            assert (await log(setup.engine, task))[-1] == "finished"

    async def test_a_cancelled_task_is_not_attempted_again(self, setup: Setup) -> None:
        died = (await setup.engine.submit(new_task())).task
        failed = (await setup.engine.submit(new_task())).task
        await take(setup.engine)
        lease = await take(setup.engine)
        for task in (died, failed):
            await setup.other.request_cancel(MINE, task.task_id)
        assert (await lease.retry_later(LOST_STORE)).state == TaskState.CANCELLED
        await setup.pass_time(LEASE)
        assert await setup.engine.take() is None
        assert (await setup.engine.get(MINE, died.task_id)).state == TaskState.CANCELLED

    async def test_an_end_before_the_cancellation_stays(self, setup: Setup) -> None:
        task = (await setup.engine.submit(new_task())).task
        lease = await take(setup.engine)
        await setup.other.request_cancel(MINE, task.task_id)
        assert (await end(lease)).state == TaskState.SUCCEEDED

    async def test_only_an_ended_task_can_be_deleted(self, setup: Setup) -> None:
        task = (await setup.engine.submit(new_task(topic="t"))).task
        for _ in range(2):
            with pytest.raises(TaskNotEnded) as caught:
                await setup.other.delete(MINE, task.task_id)
            assert caught.value.metadata["task"] == task.task_id
            lease = await setup.engine.take()
        assert lease is None or lease.held
        await setup.pass_time(LEASE)
        await end(await take(setup.engine))
        await setup.other.delete(MINE, task.task_id)
        with pytest.raises(TaskNotFound):
            await setup.engine.get(MINE, task.task_id)
        assert (await setup.engine.list(MINE)).tasks == ()
        assert await setup.engine.take_notification() is not None
        assert len(await recorded(setup.engine, MINE)) == 1

    async def test_a_task_expires(self, setup: Setup) -> None:
        task = (await setup.engine.submit(new_task(topic="t"))).task
        await setup.pass_time(WEEK - S)
        assert (await setup.engine.sweep()).expired == 0
        await setup.pass_time(2 * S)
        assert (await setup.other.sweep()).expired == 1
        ended = await setup.engine.get(MINE, task.task_id)
        assert (ended.state, ended.dead) == (TaskState.FAILED, False)
        assert ended.error is not None
        assert reason_of(ended.error) == "TASK_EXPIRED"
        await self._check_records(setup, ended, "TASK_EXPIRED")

    async def test_what_is_kept_for_its_time_goes_after_it(self, setup: Setup) -> None:
        first = (await setup.engine.submit(new_task(request_id="a"))).task
        await setup.pass_time(S)
        await end(await take(setup.engine))
        await setup.pass_time(WEEK - S)
        # Seven days after its creation the id lapses; the task stays until seven after its end.
        assert (await setup.engine.submit(new_task(request_id="a"))).created
        await setup.engine.sweep()
        await setup.engine.get(MINE, first.task_id)
        await setup.pass_time(S)
        assert (await setup.other.sweep()).removed == 1
        with pytest.raises(TaskNotFound):
            await setup.engine.events(MINE, first.task_id)
        assert len(await recorded(setup.engine, MINE)) == 1
        await setup.pass_time(SETTINGS.usage)
        await setup.other.sweep()
        assert first.task_id not in {r.record_id for r in await recorded(setup.engine, MINE)}

    # Watching, notifications, usage

    async def test_watchers_see_every_event_once(self, setup: Setup) -> None:
        task = (await setup.engine.submit(new_task())).task

        async def watched(engine: TaskEngine, after: int) -> list[int]:
            events = watch(engine, MINE, task.task_id, after)
            return [event.sequence async for event in events]

        watching = [
            asyncio.ensure_future(watched(engine, after))
            for engine in (setup.engine, setup.other)
            for after in (0, 1, 4)
        ]
        lease = await take(setup.engine)
        for payload in (PROBED, *[event_pb2.CaptureWarning(reason="X")] * 6):
            await write(lease, payload)
            await asyncio.sleep(0.01)
        await end(lease)
        seen = await asyncio.gather(*watching)
        whole = list(range(1, 11))
        assert seen == [whole, whole[1:], whole[4:]] * 2
        assert await watched(setup.other, 0) == whole
        assert await watched(setup.other, 9) == [10]
        assert await watched(setup.other, 10) == []
        assert await watched(setup.other, 99) == []

    async def test_the_watch_of_a_removed_task_ends(self, setup: Setup) -> None:
        task = (await setup.engine.submit(new_task())).task
        lease = await take(setup.engine)
        for _ in range(3):
            await write(lease, *[event_pb2.CaptureWarning(reason="ODD")] * 50)
        await end(lease)
        events = watch(setup.other, MINE, task.task_id)
        await anext(events)
        await setup.engine.delete(MINE, task.task_id)
        with pytest.raises(TaskNotFound):
            _ = [event async for event in events]

    async def test_a_notification_is_repeated_until_it_is_settled(self, setup: Setup) -> None:
        await setup.engine.submit(new_task(topic="t"))
        await end(await take(setup.engine))
        assert await setup.other.undelivered_count() == 1
        first = await setup.engine.take_notification()
        assert first is not None
        assert first.delivery == 1
        await setup.pass_time(SETTINGS.notification)
        second = await setup.other.take_notification()
        assert second == replace(first, delivery=2)
        await setup.other.notify_later(second, 300 * S)
        await setup.pass_time(299 * S)
        assert await setup.engine.take_notification() is None
        await setup.pass_time(2 * S)
        third = await setup.engine.take_notification()
        assert third == replace(first, delivery=3)
        assert await setup.other.undelivered_count() == 1
        await setup.engine.notified(third)
        assert await setup.other.undelivered_count() == 0
        await setup.pass_time(WEEK)
        assert await setup.other.take_notification() is None

    async def test_a_direct_capture_is_recorded_once(self, setup: Setup) -> None:
        record = direct("call-9", 5)
        for engine in (setup.engine, setup.other):
            await engine.record_usage(record)
        assert await recorded(setup.other, MINE) == [record]

    async def test_records_at_once_are_all_written(self, setup: Setup) -> None:
        records = [direct(f"call-{number:02}", number) for number in range(40)]
        engines = [setup.engine, setup.other] * 40
        await asyncio.gather(
            *(engine.record_usage(record) for engine in engines[:2] for record in records)
        )
        assert await recorded(setup.engine) == records

    async def test_usage_is_listed_by_the_end_whoever_wrote_it_first(self, setup: Setup) -> None:
        records = [
            direct("call-a", 5),
            direct("call-b", 5),
            direct("call-c", 5, "other"),
            direct("call-d", 7),
            direct("call-e", 9),
        ]
        for record in reversed(records):
            await setup.engine.record_usage(record)
        mine = [record for record in records if record.principal == MINE]
        assert await recorded(setup.other) == records
        assert await recorded(setup.other, MINE) == mine
        assert await recorded(setup.other, "nobody") == []

        async def between(first: int | None, last: int | None) -> list[str]:
            chosen = UsageFilter(ended_from=first, ended_before=last)
            return [record.record_id for record in await recorded(setup.other, MINE, chosen)]

        assert await between(5, None) == ["call-a", "call-b", "call-d", "call-e"]
        assert await between(6, 9) == ["call-d"]
        assert await between(None, 5) == []
        assert await between(9, 6) == []

    async def test_a_page_of_usage_continues_where_the_last_one_ended(self, setup: Setup) -> None:
        for number in range(5):
            await setup.engine.record_usage(direct(f"call-{number}", 5))
        first = await setup.engine.usage(MINE, page_size=2)
        # A record that comes later is in a later page, and moves no other.
        await setup.other.record_usage(direct("call-9", 6))
        second = await setup.other.usage(MINE, page_size=2, page_token=first.next_page_token)
        third = await setup.engine.usage(MINE, page_size=2, page_token=second.next_page_token)
        pages = (first, second, third)
        ids = [[record.record_id for record in page.records] for page in pages]
        assert ids == [["call-0", "call-1"], ["call-2", "call-3"], ["call-4", "call-9"]]
        assert third.next_page_token == ""
        assert len((await setup.engine.usage(MINE, page_size=10**6)).records) == 6
        assert len((await setup.engine.usage(MINE, page_size=0)).records) == 1

    async def test_a_page_token_of_another_list_of_usage_is_refused(self, setup: Setup) -> None:
        for number in range(3):
            await setup.engine.record_usage(direct(f"call-{number}", 5))
        token = (await setup.engine.usage(MINE, page_size=1)).next_page_token
        later = UsageFilter(ended_from=1)
        for principal, chosen, page_token in (
            ("other", ALL_USAGE, token),
            (None, ALL_USAGE, token),
            (MINE, later, token),
            (MINE, ALL_USAGE, token[:-4]),
            (MINE, ALL_USAGE, "AAAA" + token[4:-8]),
            (MINE, ALL_USAGE, "no token"),
            (MINE, ALL_USAGE, "é"),
        ):
            with pytest.raises(ValueOutOfRange) as caught:
                await setup.engine.usage(principal, chosen, page_token=page_token)
            assert caught.value.field == "page_token"
            assert str(caught.value) == "page_token: it is not from a page of this list"
