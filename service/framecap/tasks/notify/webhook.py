"""Webhooks: messages that are posted to a web server. Loading this module loads aiohttp."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

import aiohttp
from yarl import URL

from framecap.storage.web.hosts import Hosts
from framecap.storage.web.resolver import CheckedResolver, PrivateAddress, check_digits
from framecap.tasks.notify.cloud_events import event_headers
from framecap.tasks.notify.delivery import DeliveryFailed
from framecap.tasks.notify.message import Message
from framecap.tasks.notify.signature import signed_headers
from framecap.tasks.notify.topic import WebhookTopic

CONNECT_SECONDS: Final = 5.0
MAX_CONNECTIONS: Final = 16

# Statuses that speak of the server, not of the message.
_IN_TROUBLE: Final = frozenset({408, 425, 429})


class Webhook:
    """Posts messages to one URL. Close it.

    It follows no redirects, and checks the address that the host resolves to at every connection.

    Args:
        topic: The topic.
        trust: The trusted certificates; the system's by default.
        clock: The wall clock, in seconds since 1970.
    """

    def __init__(
        self,
        topic: WebhookTopic,
        trust: ssl.SSLContext | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._url = URL(topic.url, encoded=True)
        self._keys = topic.secrets
        self._clock = clock
        here = f"{self._url.host}:{self._url.port}"
        self._hosts = Hosts(private=[here] if topic.allow_private else [])
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=CheckedResolver(self._hosts), ssl=trust or True, limit=MAX_CONNECTIONS
            ),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            headers={"User-Agent": "framecap"},
        )

    async def deliver(self, message: Message) -> None:
        """Posts a message; see `Destination.deliver`."""
        now = self._clock()
        signed = signed_headers(message.event_id, int(now), message.body, self._keys)
        headers = {**event_headers(message), **signed}
        try:
            check_digits(self._hosts, self._url.host or "", self._url.port or 0)
            async with self._session.post(
                self._url, data=message.body, headers=headers, allow_redirects=False
            ) as response:
                # The body of the response says nothing that is needed.
                _check(response, now)
        except (aiohttp.ClientError, OSError) as error:
            raise DeliveryFailed(_detail(error)) from error

    async def close(self) -> None:
        """Closes all connections."""
        await self._session.close()


def _check(response: aiohttp.ClientResponse, now: float) -> None:
    status = response.status
    if 200 <= status < 300:
        return
    if 300 <= status < 400:
        raise DeliveryFailed(f"status {status}: redirects are not followed")
    raise DeliveryFailed(
        f"status {status}",
        refused=status < 500 and status not in _IN_TROUBLE,
        retry_after=_retry_after(response.headers.get("Retry-After", ""), now),
    )


def _retry_after(text: str, now: float) -> float | None:
    """Returns the seconds that the header `Retry-After` names; None where it names none."""
    text = text.strip()
    if text.isascii() and text.isdecimal():
        # Eight digits are more seconds than anyone waits for; thousands would be no number.
        return float(text[:8])
    try:
        instant = parsedate_to_datetime(text)
    except ValueError:
        return None
    aware = instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant
    return max(0.0, aware.timestamp() - now)


def _detail(error: Exception) -> str:
    """Returns the cause without the error's text, which may show the URL."""
    match error:
        case PrivateAddress():
            return "its host has a private address, and allow_private is not set"
        case aiohttp.ClientConnectorError() if isinstance(error.os_error, PrivateAddress):
            return "its host has a private address, and allow_private is not set"
        case aiohttp.ClientConnectorCertificateError():
            return "its certificate is not trusted"
        case aiohttp.ClientSSLError():
            return "no TLS connection"
        case aiohttp.ClientConnectorDNSError():
            return "its host has no address"
        case aiohttp.ClientConnectorError() | TimeoutError():
            return "no connection"
        case aiohttp.ClientConnectionError() | ConnectionError():
            return "the connection was cut off"
    return type(error).__name__
