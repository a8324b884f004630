"""Subjects of NATS that messages are published to. Loading this module loads nats-py."""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
from contextlib import suppress
from typing import Any, Final

from nats.aio.client import Client
from nats.errors import Error, MaxPayloadError, NoRespondersError

from framecap.tasks.notify.cloud_events import event_headers
from framecap.tasks.notify.delivery import DeliveryFailed
from framecap.tasks.notify.message import Message
from framecap.tasks.notify.topic import NatsTopic

CONNECT_SECONDS: Final = 5.0
"""The longest wait for the first connection, which nats-py itself would repeat for ever."""

ANSWER_SECONDS: Final = 5.0
"""The longest wait for an answer of the server or a stream."""

CLOSE_SECONDS: Final = 5.0
PENDING_BYTES: Final = 1 << 20
MAX_REPLIES: Final = 1024

MESSAGE_ID: Final = "Nats-Msg-Id"
STATUS: Final = "Status"
NO_SUBSCRIBER: Final = "503"
STREAM_NAMES: Final = "$JS.API.STREAM.NAMES"

# The account, or the server, has no JetStream: there are no streams.
_NO_JETSTREAM: Final = frozenset({10039, 10076})

logger = logging.getLogger(__name__)


class NatsSubject:
    """Publishes messages to one subject. Connects at the first message. Close it.

    A message counts as delivered once a stream has acknowledged it, or, where no stream takes the
    subject, once the server has passed it on to a subscriber that is there.

    Args:
        topic: The topic.
    """

    def __init__(self, topic: NatsTopic) -> None:
        self._topic = topic
        self._connecting = asyncio.Lock()
        self._client: Client | None = None

    async def deliver(self, message: Message) -> None:
        """Publishes a message; see `Destination.deliver`."""
        headers = {**event_headers(message), MESSAGE_ID: message.event_id}
        try:
            client = await self._connected()
            if await self._has_stream(client):
                await self._store(client, message.body, headers)
            else:
                await self._pass_on(client, message.body, headers)
        except MaxPayloadError as error:
            raise DeliveryFailed("it is larger than the server takes", refused=True) from error
        except (Error, OSError, ValueError, KeyError) as error:
            raise DeliveryFailed(f"NATS: {type(error).__name__}") from error

    async def close(self) -> None:
        """Closes the connection."""
        if self._client is not None:
            await _close(self._client)

    async def _connected(self) -> Client:
        async with self._connecting:
            if self._client is None or self._client.is_closed:
                self._client = None
                self._client = await _connect(self._topic)
        if not self._client.is_connected:
            # nats-py would keep the message, and send it whenever it is connected again.
            raise DeliveryFailed("no connection")
        return self._client

    async def _has_stream(self, client: Client) -> bool:
        """Returns whether a stream takes the subject."""
        query = json.dumps({"subject": self._topic.subject}).encode()
        try:
            answer = await client.request(STREAM_NAMES, query, timeout=ANSWER_SECONDS)
        except NoRespondersError:
            return False
        found = json.loads(answer.data)
        if error := found.get("error"):
            if error.get("err_code") in _NO_JETSTREAM:
                return False
            raise DeliveryFailed(f"JetStream: error {error.get('err_code')}")
        return bool(found.get("streams"))

    async def _store(self, client: Client, body: bytes, headers: dict[str, Any]) -> None:
        """Publishes to a stream, which drops a message that it has already."""
        await client.jetstream().publish(
            self._topic.subject, body, timeout=ANSWER_SECONDS, headers=headers
        )

    async def _pass_on(self, client: Client, body: bytes, headers: dict[str, Any]) -> None:
        """Publishes to the subscribers that are there."""
        inbox = client.new_inbox()
        last = f"{inbox}.last"
        replies = await client.subscribe(f"{inbox}.*", pending_msgs_limit=MAX_REPLIES)
        try:
            await client.publish(self._topic.subject, body, reply=f"{inbox}.reply", headers=headers)
            # The server answers in the order of what it is sent, so that this message comes back
            # after its word on the one before. A flush does not: nats-py sends its ping first.
            await client.publish(last)
            async with asyncio.timeout(ANSWER_SECONDS):
                while (reply := await replies.next_msg(timeout=ANSWER_SECONDS)).subject != last:
                    if (reply.headers or {}).get(STATUS) == NO_SUBSCRIBER:
                        raise DeliveryFailed("no stream and no subscriber takes the subject")
        finally:
            with suppress(Error):
                await replies.unsubscribe()


async def _connect(topic: NatsTopic) -> Client:
    client = Client()
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            await client.connect(
                list(topic.servers),
                name="framecap",
                error_cb=_errored,
                disconnected_cb=_disconnected,
                reconnected_cb=_reconnected,
                connect_timeout=2,
                max_reconnect_attempts=-1,
                pending_size=PENDING_BYTES,
                tls=ssl.create_default_context() if topic.servers[0].startswith("tls:") else None,
                user=topic.user or None,
                password=topic.password or None,
                token=topic.token or None,
            )
    except BaseException as error:
        cause = client.last_error
        await _close(client)
        if isinstance(error, TimeoutError):
            # An attempt of nats-py failed before, most likely, and says more.
            why = f": {type(cause).__name__}" if cause is not None else ""
            raise DeliveryFailed(f"no connection{why}") from error
        raise
    return client


async def _close(client: Client) -> None:
    with suppress(Error, OSError, TimeoutError):
        async with asyncio.timeout(CLOSE_SECONDS):
            await client.close()


async def _errored(error: Exception) -> None:
    # Among others, at every failed attempt to connect.
    logger.debug("NATS: %s", type(error).__name__)


async def _disconnected() -> None:
    logger.info("disconnected from NATS")


async def _reconnected() -> None:
    logger.info("connected to NATS again")
