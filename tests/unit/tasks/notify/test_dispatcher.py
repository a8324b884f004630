"""From a real outbox to destinations: at least once, whatever fails, and within bounds."""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
from collections import Counter
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest

from framecap.tasks.embedded.engine import EmbeddedEngine
from framecap.tasks.embedded.writes import DurableWrite
from framecap.tasks.notify.destinations import Destinations
from framecap.tasks.notify.dispatcher import Dispatcher
from framecap.tasks.notify.notifier import open_notifier
from framecap.tasks.notify.topic import FileTopic, WebhookTopic
from framecap.tasks.notify.topics import Topics
from framecap.tasks.task import Notification
from support.servers.hooks import Hooks, running_hooks
from support.tasks.ended import S
from support.tasks.hooks import KEY, verified
from support.tasks.outbox import QUICK, SOON, Meter, emptied, end_tasks, open_engine, until

LOCAL = Topics()


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncGenerator[EmbeddedEngine]:
    async with open_engine(tmp_path / "tasks.sqlite") as opened:
        yield opened


@pytest.fixture
async def hooks() -> AsyncGenerator[Hooks]:
    async with running_hooks() as running:
        yield running


@pytest.fixture
def meter() -> Meter:
    return Meter()


def hook(hooks: Hooks) -> WebhookTopic:
    return WebhookTopic(url=hooks.url, secrets=(KEY,), allow_private=True)


def ids_in(path: Path) -> list[str]:
    """Returns the ids of a file's messages."""
    return [json.loads(line)["id"] for line in path.read_text().splitlines()]


async def test_every_topic_has_a_file_where_nothing_is_configured(
    tmp_path: Path, engine: EmbeddedEngine, meter: Meter
) -> None:
    ids = await end_tasks(engine, "a", "b", "../a", "a")
    async with open_notifier(engine, LOCAL, tmp_path, meter, QUICK):
        await emptied(engine)
        await until(lambda: meter.undelivered == 0)
    folder = tmp_path / "notifications"
    assert sorted(ids_in(folder / "a.jsonl")) == sorted([ids[0], ids[3]])
    assert ids_in(folder / "b.jsonl") == [ids[1]]
    assert ids_in(folder / "%2E.%2Fa.jsonl") == [ids[2]]
    assert meter.counts == {("delivered", "file"): 4}


async def test_what_ends_while_it_runs_is_delivered(
    tmp_path: Path, engine: EmbeddedEngine, meter: Meter
) -> None:
    async with open_notifier(engine, LOCAL, tmp_path, meter, QUICK):
        for _ in range(3):
            await end_tasks(engine, "a")
            await emptied(engine)
    assert meter.counts == {("delivered", "file"): 3}


async def test_a_configured_file_may_lie_anywhere(
    tmp_path: Path, engine: EmbeddedEngine, meter: Meter
) -> None:
    configured = {
        "far": FileTopic(path=tmp_path / "far.jsonl"),
        "near": FileTopic(path=Path("sub/near.jsonl")),
    }
    far, near = await end_tasks(engine, "far", "near")
    async with open_notifier(engine, Topics(configured), tmp_path, meter, QUICK):
        await emptied(engine)
    assert ids_in(tmp_path / "far.jsonl") == [far]
    assert ids_in(tmp_path / "notifications/sub/near.jsonl") == [near]


async def test_a_webhook_in_trouble_gets_the_same_message_again(
    tmp_path: Path, engine: EmbeddedEngine, meter: Meter, hooks: Hooks
) -> None:
    hooks.statuses = [500, 301, 400, 429]
    (event_id,) = await end_tasks(engine, "site")
    async with open_notifier(engine, Topics({"site": hook(hooks)}), tmp_path, meter, QUICK):
        await emptied(engine)
    assert len(hooks.posted) == 5
    assert {posted.headers["webhook-id"] for posted in hooks.posted} == {event_id}
    assert len({posted.body for posted in hooks.posted}) == 1
    assert all(verified(posted.headers, posted.body) for posted in hooks.posted)
    assert meter.counts == {("failed", "webhook"): 4, ("delivered", "webhook"): 1}


async def test_a_slow_webhook_is_given_its_deadline(
    tmp_path: Path, engine: EmbeddedEngine, meter: Meter, hooks: Hooks
) -> None:
    hooks.hold = asyncio.Event()
    await end_tasks(engine, "site")
    policy = replace(QUICK, seconds=0.05)
    async with open_notifier(engine, Topics({"site": hook(hooks)}), tmp_path, meter, policy):
        await until(lambda: meter.counts["failed", "webhook"] >= 2)
        hooks.hold.set()
        await emptied(engine)
    assert meter.counts["delivered", "webhook"] == 1


async def test_a_webhook_that_hangs_does_not_delay_other_topics(
    tmp_path: Path, engine: EmbeddedEngine, meter: Meter, hooks: Hooks
) -> None:
    hooks.hold = asyncio.Event()
    policy = replace(QUICK, concurrent=6, per_topic=2)
    topics = Topics({"site": hook(hooks), "kept": FileTopic(path=Path("kept.jsonl"))})
    await end_tasks(engine, *["site"] * 20, *["kept"] * 20)
    async with open_notifier(engine, topics, tmp_path, meter, policy):
        await until(lambda: meter.counts["delivered", "file"] == 20)
        assert meter.counts["delivered", "webhook"] == 0
        assert hooks.most_at_once == 2
        hooks.hold.set()
        await emptied(engine)
    assert meter.counts["delivered", "webhook"] == 20


async def test_many_notifications_are_delivered_within_bounds(
    tmp_path: Path, engine: EmbeddedEngine, meter: Meter, hooks: Hooks
) -> None:
    policy = replace(QUICK, concurrent=5, per_topic=3)
    ids = await end_tasks(engine, *["site"] * 150)
    async with open_notifier(engine, Topics({"site": hook(hooks)}), tmp_path, meter, policy):
        await emptied(engine)
    assert Counter(posted.headers["webhook-id"] for posted in hooks.posted) == Counter(ids)
    assert hooks.most_at_once <= 5


async def test_two_processes_share_an_outbox(
    tmp_path: Path, engine: EmbeddedEngine, meter: Meter
) -> None:
    ids = await end_tasks(engine, *["a"] * 60)
    async with (
        open_engine(tmp_path / "tasks.sqlite") as other,
        open_notifier(engine, LOCAL, tmp_path, meter, QUICK),
        open_notifier(other, LOCAL, tmp_path, meter, QUICK),
    ):
        await emptied(engine)
    assert sorted(ids_in(tmp_path / "notifications/a.jsonl")) == sorted(ids)


async def test_a_topic_that_is_no_longer_configured_is_tried_until_it_is(
    tmp_path: Path, engine: EmbeddedEngine, meter: Meter, caplog: pytest.LogCaptureFixture
) -> None:
    await end_tasks(engine, "gone")
    other = Topics({"other": FileTopic(path=Path("other.jsonl"))})
    with caplog.at_level(logging.INFO):
        async with open_notifier(engine, other, tmp_path, meter, QUICK):
            await until(lambda: meter.counts["failed", "none"] >= 2)
        async with open_notifier(engine, LOCAL, tmp_path, meter, QUICK):
            await emptied(engine)
    assert "its topic is no longer configured" in caplog.text
    assert meter.counts["delivered", "file"] == 1


async def test_a_notification_is_given_up_after_its_time(
    tmp_path: Path, engine: EmbeddedEngine, meter: Meter, hooks: Hooks
) -> None:
    hooks.statuses = [500] * 1000
    await end_tasks(engine, "site")
    policy = replace(QUICK, retention=S // 2)
    async with open_notifier(engine, Topics({"site": hook(hooks)}), tmp_path, meter, policy):
        await emptied(engine)
    assert meter.counts["given up", "webhook"] == 1
    assert len(hooks.posted) == meter.counts["failed", "webhook"] > 1


async def test_what_is_old_is_tried_once_at_least(
    tmp_path: Path, engine: EmbeddedEngine, meter: Meter
) -> None:
    await end_tasks(engine, "a")
    policy = replace(QUICK, retention=0)
    async with open_notifier(engine, LOCAL, tmp_path, meter, policy):
        await emptied(engine)
    assert meter.counts == {("delivered", "file"): 1}


async def test_neither_body_nor_secret_nor_url_is_logged(
    tmp_path: Path,
    engine: EmbeddedEngine,
    meter: Meter,
    hooks: Hooks,
    caplog: pytest.LogCaptureFixture,
) -> None:
    hooks.statuses = [500, 400]
    topic = replace(hook(hooks), url=f"{hooks.url}?token=hidden")
    (event_id,) = await end_tasks(engine, "site")
    with caplog.at_level(logging.DEBUG, "framecap"):
        async with open_notifier(engine, Topics({"site": topic}), tmp_path, meter, QUICK):
            await emptied(engine)
    lines = [
        f"{record.getMessage()} {getattr(record, 'facts', '')}"
        for record in caplog.records
        if record.name.startswith("framecap")
    ]
    assert any("status 500" in line and event_id in line for line in lines)
    assert any("is delivered" in line for line in lines)
    shown = "\n".join(lines)
    for secret in ("hidden", hooks.url, "trip.mp4", "whsec_", KEY.decode()):
        assert secret not in shown


class Unavailable:
    """Makes the store fail so many times at one durable write."""

    def __init__(self, write: DurableWrite, times: int) -> None:
        self._write = write
        self.left = times

    def before_commit(self, write: DurableWrite) -> None:
        if write is self._write and self.left:
            self.left -= 1
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise error

    def after_commit(self, write: DurableWrite) -> None:
        pass


async def test_a_delivery_is_recorded_once_the_store_is_back(tmp_path: Path, meter: Meter) -> None:
    faults = Unavailable(DurableWrite.NOTIFICATION_DELIVERED, 2)
    async with open_engine(tmp_path / "tasks.sqlite", faults) as engine:
        ids = await end_tasks(engine, "a")
        async with open_notifier(engine, LOCAL, tmp_path, meter, QUICK):
            await emptied(engine)
    assert faults.left == 0
    assert ids_in(tmp_path / "notifications/a.jsonl") == ids


async def test_a_delivery_that_cannot_be_recorded_is_repeated(tmp_path: Path, meter: Meter) -> None:
    faults = Unavailable(DurableWrite.NOTIFICATION_DELIVERED, 1)
    policy = replace(QUICK, settle_seconds=0.1)
    async with open_engine(tmp_path / "tasks.sqlite", faults, SOON) as engine:
        ids = await end_tasks(engine, "a")
        async with open_notifier(engine, LOCAL, tmp_path, meter, policy):
            await emptied(engine)
    assert ids_in(tmp_path / "notifications/a.jsonl") == ids * 2


async def test_a_store_that_is_away_for_a_while_is_waited_for(
    tmp_path: Path,
    meter: Meter,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("framecap.tasks.notify.dispatcher.STORE_AGAIN_SECONDS", 0.02)
    folder = tmp_path / "data"
    folder.write_text("a file where a directory is needed")
    async with (
        open_engine(folder / "tasks.sqlite") as engine,
        open_notifier(engine, LOCAL, tmp_path, meter, QUICK),
    ):
        await until(lambda: "cannot be taken" in caplog.text)
        folder.unlink()
        await end_tasks(engine, "a")
        await emptied(engine)
    assert meter.counts == {("delivered", "file"): 1}


class Odd:
    """An outbox with one notification."""

    def __init__(self, *notifications: Notification) -> None:
        self.due = list(notifications)
        self.taken: dict[str, Notification] = {}
        self.faults: list[Exception] = []

    async def take_notification(self) -> Notification | None:
        if self.faults:
            raise self.faults.pop()
        if not self.due:
            return None
        taken = self.due.pop()
        self.taken[taken.event_id] = taken
        return taken

    async def notified(self, notification: Notification) -> None:
        del self.taken[notification.event_id]

    async def notify_later(self, notification: Notification, delay: int) -> None:
        self.due.append(self.taken.pop(notification.event_id))

    async def undelivered_count(self) -> int:
        return len(self.due) + len(self.taken)


class TestFaults:
    """Faults of the code that no real part shows: each is logged, and the loop goes on."""

    @pytest.fixture
    def expected_errors(self) -> list[str]:
        return [r"is dropped: the body is no envelope", r"incident"]

    async def test_the_loop_goes_on(self, tmp_path: Path, meter: Meter) -> None:
        bad = Notification(event_id="bad", topic="a", body=b"secret", delivery=1)
        outbox = Odd(bad)
        outbox.faults = [RuntimeError("a fault")]
        destinations = Destinations(LOCAL, tmp_path)
        dispatcher = Dispatcher(outbox, destinations, meter, QUICK)
        running = asyncio.create_task(dispatcher.run())
        await until(lambda: meter.counts["given up", "file"] == 1)
        dispatcher.stop()
        await running
        await destinations.close()
        assert not outbox.taken
        assert not outbox.due


async def test_a_shutdown_lets_a_delivery_end(
    tmp_path: Path, engine: EmbeddedEngine, meter: Meter, hooks: Hooks
) -> None:
    hooks.hold = asyncio.Event()
    await end_tasks(engine, "site")
    async with open_notifier(engine, Topics({"site": hook(hooks)}), tmp_path, meter, QUICK):
        await until(lambda: hooks.posted)
        asyncio.get_running_loop().call_later(0.05, hooks.hold.set)
    assert meter.counts == {("delivered", "webhook"): 1}
    assert await engine.undelivered_count() == 0


@pytest.mark.parametrize("count", [1, 12], ids=["one", "more than there is room for"])
async def test_a_shutdown_cuts_off_what_does_not_end(
    tmp_path: Path, meter: Meter, hooks: Hooks, count: int
) -> None:
    hooks.hold = asyncio.Event()
    policy = replace(QUICK, concurrent=3, per_topic=3, close_seconds=0.05)
    topics = Topics({"site": hook(hooks)})
    async with open_engine(tmp_path / "tasks.sqlite", settings=SOON) as engine:
        await end_tasks(engine, *["site"] * count)
        async with open_notifier(engine, topics, tmp_path, meter, policy):
            await until(lambda: hooks.holding == min(count, 3))
        assert await engine.undelivered_count() == count
        hooks.hold.set()
        async with open_notifier(engine, topics, tmp_path, meter, policy):
            await emptied(engine)
    assert len({posted.headers["webhook-id"] for posted in hooks.posted}) == count
