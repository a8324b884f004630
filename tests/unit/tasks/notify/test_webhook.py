"""Webhooks over real connections: signatures, headers, and what a server may do wrong."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from framecap.tasks.notify.cloud_events import event_headers
from framecap.tasks.notify.delivery import DeliveryFailed
from framecap.tasks.notify.signature import signed_headers
from framecap.tasks.notify.topic import WebhookTopic
from framecap.tasks.notify.webhook import Webhook
from support.served import free_address
from support.servers.hooks import Hooks, running_hooks
from support.servers.web import CERTIFICATE
from support.tasks.ended import message
from support.tasks.hooks import KEY, OTHER_KEY, verified

NOW = 1_724_133_070.9


@pytest.fixture
async def hooks() -> AsyncGenerator[Hooks]:
    async with running_hooks() as running:
        yield running


@asynccontextmanager
async def webhook(
    url: str,
    *,
    allow_private: bool = True,
    secrets: tuple[bytes, ...] = (KEY,),
    trust: ssl.SSLContext | None = None,
) -> AsyncIterator[Webhook]:
    topic = WebhookTopic(url=url, secrets=secrets, allow_private=allow_private)
    made = Webhook(topic, trust, clock=lambda: NOW)
    try:
        yield made
    finally:
        await made.close()


async def failure(url: str, **options: bool) -> DeliveryFailed:
    """Returns the failure of one delivery, which shows neither URL nor body."""
    async with webhook(url, **options) as made:
        with pytest.raises(DeliveryFailed) as caught:
            await made.deliver(message())
    assert "hook" not in str(caught.value)
    assert "trip" not in str(caught.value)
    return caught.value


async def test_a_message_is_posted_signed_and_described(hooks: Hooks) -> None:
    async with webhook(f"{hooks.url}/a%2Fb?token=x%20y") as made:
        await made.deliver(message())
    (posted,) = hooks.posted
    assert posted.path == "/hook/a%2Fb?token=x%20y"
    assert posted.body == message().body
    assert json.loads(posted.body)["id"] == "e-1"
    expected = {
        "content-type": "application/json",
        "ce-specversion": "1.0",
        "ce-id": "e-1",
        "ce-source": "acs.imm",
        "ce-type": "imm:Task:MediaConvert",
        "ce-subject": "acs:imm:local:media-team:framecap/imm:Task:MediaConvert",
        "ce-time": "2024-08-20T05:51:03.161Z",
        "webhook-id": "e-1",
        "webhook-timestamp": "1724133070",
        "user-agent": "framecap",
    }
    assert {name: posted.headers[name] for name in expected} == expected
    assert verified(posted.headers, posted.body)
    assert not verified(posted.headers, posted.body + b" ")
    assert not verified({**posted.headers, "webhook-timestamp": "1724133071"}, posted.body)
    assert not verified(posted.headers, posted.body, OTHER_KEY)


async def test_each_secret_signs(hooks: Hooks) -> None:
    async with webhook(hooks.url, secrets=(KEY, OTHER_KEY)) as made:
        await made.deliver(message())
    (posted,) = hooks.posted
    assert verified(posted.headers, posted.body, KEY)
    assert verified(posted.headers, posted.body, OTHER_KEY)


def test_the_signature_of_a_published_example() -> None:
    # The example in the documentation of Svix, whose scheme became the standard.
    headers = signed_headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1_614_265_330,
        b'{"test": 2432232314}',
        [base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")],
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


async def test_a_connection_serves_again(hooks: Hooks) -> None:
    async with webhook(hooks.url) as made:
        for number in range(3):
            await made.deliver(message(f"e-{number}"))
    assert [posted.headers["webhook-id"] for posted in hooks.posted] == ["e-0", "e-1", "e-2"]


async def test_https_is_verified() -> None:
    async with running_hooks(tls=True) as hooks:
        assert (await failure(hooks.url)).detail == "its certificate is not trusted"
        trust = ssl.create_default_context(cafile=CERTIFICATE)
        async with webhook(hooks.url, trust=trust) as made:
            await made.deliver(message())
    assert len(hooks.posted) == 1


@pytest.mark.parametrize(
    ("status", "refused"),
    [
        (500, False),
        (503, False),
        (429, False),
        (408, False),
        (400, True),
        (401, True),
        (410, True),
    ],
)
async def test_a_status_is_a_failure(hooks: Hooks, status: int, refused: bool) -> None:
    hooks.statuses = [status]
    failed = await failure(hooks.url)
    assert (failed.detail, failed.refused) == (f"status {status}", refused)
    assert failed.retry_after is None
    async with webhook(hooks.url) as made:
        await made.deliver(message())


@pytest.mark.parametrize("status", [200, 201, 202, 204])
async def test_a_status_of_success(hooks: Hooks, status: int) -> None:
    hooks.statuses = [status]
    async with webhook(hooks.url) as made:
        await made.deliver(message())


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        (" 7 ", 7.0),
        ("9" * 5000, 99_999_999.0),
        ("Tue, 20 Aug 2024 05:52:10 GMT", pytest.approx(59.1)),
        ("Tue, 20 Aug 2024 05:50:00 GMT", 0.0),
        ("-5", None),
        ("soon", None),
        ("", None),
    ],
    ids=["seconds", "spaces", "huge", "date", "past date", "negative", "words", "empty"],
)
async def test_the_wait_that_a_server_names(
    hooks: Hooks, header: str, seconds: float | None
) -> None:
    hooks.statuses = [503]
    hooks.headers = {"Retry-After": header}
    assert (await failure(hooks.url)).retry_after == seconds


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed(hooks: Hooks, status: int) -> None:
    hooks.statuses = [status]
    hooks.headers = {"Location": f"{hooks.url}/elsewhere"}
    failed = await failure(hooks.url)
    assert (failed.detail, failed.refused) == (
        f"status {status}: redirects are not followed",
        False,
    )
    assert len(hooks.posted) == 1


CUT_OFF = "the connection was cut off"
PRIVATE = "its host has a private address, and allow_private is not set"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_a_private_address_is_not_connected_to(host: str) -> None:
    async with running_hooks(tls=True) as hooks:
        url = hooks.url.replace("localhost", host)
        assert (await failure(url, allow_private=False)).detail == PRIVATE
        assert hooks.posted == []


@pytest.mark.parametrize("address", ["10.0.0.1", "169.254.169.254", "[::1]", "[::ffff:7f00:1]"])
async def test_private_addresses_of_digits_are_known(address: str) -> None:
    assert (await failure(f"https://{address}/hook", allow_private=False)).detail == PRIVATE


async def test_a_server_that_is_away() -> None:
    assert (await failure(f"http://{free_address()}/hook")).detail == "no connection"
    assert (await failure("https://nowhere.invalid/hook")).detail == "its host has no address"


async def test_a_server_that_speaks_no_http() -> None:
    async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    async with server:
        assert (await failure(f"http://{host}:{port}/hook")).detail == CUT_OFF
        assert (await failure(f"https://{host}:{port}/hook")).detail in {
            "no TLS connection",
            "no connection",
            CUT_OFF,
        }


async def test_a_delivery_that_is_cancelled_leaves_nothing(hooks: Hooks) -> None:
    hooks.hold = asyncio.Event()
    async with webhook(hooks.url) as made:
        delivery = asyncio.create_task(made.deliver(message()))
        while not hooks.posted:
            await asyncio.sleep(0.01)
        delivery.cancel()
        with pytest.raises(asyncio.CancelledError):
            await delivery
    hooks.hold.set()


def test_headers_are_ascii_whatever_the_project_is_called() -> None:
    odd = replace(message(), subject='a "project" of 100% ü\N{EURO SIGN}\r\nx: y')
    headers = event_headers(odd)
    assert headers["ce-subject"] == (
        "a%20%22project%22%20of%20100%25%20%C3%BC%E2%82%AC%0D%0Ax:%20y"
    )
