"""Subjects of a real nats-server, with a stream and without, and what may be wrong with one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import nats
import pytest
from nats.aio.client import Client
from nats.js.api import StreamConfig

from framecap.tasks.notify import nats_subject
from framecap.tasks.notify.delivery import DeliveryFailed
from framecap.tasks.notify.nats_subject import NatsSubject
from framecap.tasks.notify.notifier import open_notifier
from framecap.tasks.notify.topic import NatsTopic
from framecap.tasks.notify.topics import Topics
from support.served import free_address
from support.servers.one_nats import NatsServer, running_nats
from support.tasks.ended import message
from support.tasks.outbox import QUICK, Meter, emptied, end_tasks, open_engine, until

SUBJECT = "framecap.done"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    with running_nats(tmp_path_factory.mktemp("nats")) as running:
        yield running


@pytest.fixture
async def client(shared: NatsServer) -> AsyncGenerator[Client]:
    """A client of the shared server, which has no streams when a test begins."""
    made = await nats.connect(shared.url)
    yield made
    for stream in await made.jetstream().streams_info():
        await made.jetstream().delete_stream(stream.config.name or "")
    await made.close()


@asynccontextmanager
async def subject(*servers: str, **options: Any) -> AsyncIterator[NatsSubject]:
    made = NatsSubject(NatsTopic(servers=servers, subject=SUBJECT, **options))
    try:
        yield made
    finally:
        await made.close()


async def failure(made: NatsSubject) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        await made.deliver(message())
    return caught.value


async def test_a_stream_has_each_message_once(shared: NatsServer, client: Client) -> None:
    stream = client.jetstream()
    await stream.add_stream(StreamConfig(name="DONE", subjects=["framecap.*"]))
    async with subject(shared.url) as made:
        for event_id in ("e-1", "e-2", "e-1"):
            await made.deliver(message(event_id))
    assert (await stream.stream_info("DONE")).state.messages == 2
    stored = await stream.get_msg("DONE", seq=1)
    assert (stored.subject, stored.data) == (SUBJECT, message("e-1").body)
    assert stored.headers is not None
    assert stored.headers["Nats-Msg-Id"] == "e-1"
    assert stored.headers["ce-id"] == "e-1"
    assert stored.headers["ce-time"] == "2024-08-20T05:51:03.161Z"


async def test_a_subscriber_that_is_there_gets_it(shared: NatsServer, client: Client) -> None:
    subscription = await client.subscribe(SUBJECT)
    await client.flush()
    async with subject(shared.url) as made:
        await made.deliver(message())
        received = await subscription.next_msg(timeout=5)
    assert received.data == message().body


async def test_a_subscriber_may_answer(shared: NatsServer, client: Client) -> None:
    received: list[bytes] = []

    async def take(taken: Any) -> None:
        received.append(taken.data)
        await taken.respond(b"thanks")

    await client.subscribe(SUBJECT, cb=take)
    await client.flush()
    async with subject(shared.url) as made:
        for _ in range(3):
            await made.deliver(message())
    while len(received) < 3:
        await asyncio.sleep(0.01)


async def test_a_subject_that_nobody_takes_is_a_failure(shared: NatsServer, client: Client) -> None:
    async with subject(shared.url) as made:
        failed = await failure(made)
        assert failed.detail == "no stream and no subscriber takes the subject"
        assert not failed.refused
        await client.jetstream().add_stream(StreamConfig(name="DONE", subjects=[SUBJECT]))
        await made.deliver(message())
    assert (await client.jetstream().stream_info("DONE")).state.messages == 1


async def test_a_full_stream_is_a_failure(shared: NatsServer, client: Client) -> None:
    config = StreamConfig(name="DONE", subjects=[SUBJECT], max_msgs=1, discard="new")  # type: ignore[arg-type]
    await client.jetstream().add_stream(config)
    async with subject(shared.url) as made:
        await made.deliver(message("e-0"))
        assert (await failure(made)).detail.startswith("NATS: ")
        await client.jetstream().purge_stream("DONE")
        await made.deliver(message())


async def test_a_message_that_is_too_large_is_refused(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("max_payload: 100")
    with running_nats(tmp_path, "-c", str(config), jetstream=False) as server:
        async with subject(server.url) as made:
            failed = await failure(made)
    assert (failed.detail, failed.refused) == ("it is larger than the server takes", True)


async def test_a_server_without_jetstream_passes_on(tmp_path: Path) -> None:
    with running_nats(tmp_path, jetstream=False) as server:
        client = await nats.connect(server.url)
        subscription = await client.subscribe(SUBJECT)
        await client.flush()
        async with subject(server.url) as made:
            await made.deliver(message())
            assert (await subscription.next_msg(timeout=5)).data == message().body
        await client.close()


@pytest.mark.parametrize(
    ("option", "right", "wrong"),
    [
        (("--user", "me", "--pass", "word"), {"user": "me", "password": "word"}, {"user": "me"}),
        (("--auth", "token"), {"token": "token"}, {"token": "other"}),
    ],
    ids=["user", "token"],
)
async def test_a_secret_is_needed(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    option: tuple[str, ...],
    right: dict[str, str],
    wrong: dict[str, str],
) -> None:
    monkeypatch.setattr(nats_subject, "CONNECT_SECONDS", 1.0)
    with running_nats(tmp_path, *option, jetstream=False) as server:
        async with subject(server.url, **right) as made:
            assert (await failure(made)).detail == "no stream and no subscriber takes the subject"
        async with subject(server.url, **wrong) as made:
            assert (await failure(made)).detail.startswith("no connection: ")


async def test_a_server_that_is_away_is_bounded_and_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nats_subject, "CONNECT_SECONDS", 0.3)
    with running_nats(tmp_path) as server:
        client = await nats.connect(server.url)
        await client.jetstream().add_stream(StreamConfig(name="DONE", subjects=[SUBJECT]))
        await client.close()
        async with subject(f"nats://{free_address()}", server.url) as made:
            server.kill()
            assert (await failure(made)).detail.startswith("no connection")
            server.start()
            await delivered(made, "e-1")
            server.kill()
            await failure(made)
            server.start()
            await delivered(made, "e-2")
        client = await nats.connect(server.url)
        ids = [
            (await client.jetstream().get_msg("DONE", seq=number)).headers["Nats-Msg-Id"]  # type: ignore[index]
            for number in (1, 2)
        ]
        await client.close()
    assert ids == ["e-1", "e-2"]


async def delivered(made: NatsSubject, event_id: str) -> None:
    """Returns once a message is delivered, however often that fails before."""
    while True:
        try:
            await made.deliver(message(event_id))
            return
        except DeliveryFailed:
            await asyncio.sleep(0.05)


async def test_messages_may_be_delivered_at_once(shared: NatsServer, client: Client) -> None:
    await client.jetstream().add_stream(StreamConfig(name="DONE", subjects=[SUBJECT]))
    async with subject(shared.url) as made:
        await asyncio.gather(*(made.deliver(message(f"e-{number}")) for number in range(20)))
    assert (await client.jetstream().stream_info("DONE")).state.messages == 20


async def test_a_task_s_notification_waits_for_a_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nats_subject, "CONNECT_SECONDS", 0.3)
    meter = Meter()
    with running_nats(tmp_path) as server:
        client = await nats.connect(server.url)
        await client.jetstream().add_stream(StreamConfig(name="DONE", subjects=[SUBJECT]))
        await client.close()
        server.kill()
        topics = Topics({"done": NatsTopic(servers=(server.url,), subject=SUBJECT)})
        async with open_engine(tmp_path / "tasks.sqlite") as engine:
            ids = await end_tasks(engine, "done", "done")
            async with open_notifier(engine, topics, tmp_path, meter, QUICK):
                await until(lambda: meter.counts["failed", "nats"])
                server.start()
                await emptied(engine)
        client = await nats.connect(server.url)
        stored = [await client.jetstream().get_msg("DONE", seq=number) for number in (1, 2)]
        await client.close()
    assert sorted(each.headers["ce-id"] for each in stored if each.headers) == sorted(ids)
    assert meter.counts["delivered", "nats"] == 2
