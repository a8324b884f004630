"""Files of web servers, read in ranges. Loading this module loads aiohttp."""

from __future__ import annotations

import ipaddress
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from socket import AddressFamily
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from framecap.source.hosts import HTTPS_PORT, Hosts, is_public
from framecap.source.origin import Chunks, Found
from framecap.storage.counted_requests import counted_request
from framecap.storage.faults import FaultKind, StoreFault, by_status
from framecap.storage.request_statistics import NoRequestStatistics, Operation, RequestStatistics
from framecap.storage.retry import DEFAULT_RETRY_POLICY, RetryPolicy

MAX_REDIRECTS: Final = 5
CHUNK_BYTES: Final = 256 * 1024
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_OK, _PARTIAL, _NO_RANGE = 200, 206, 416
_CONTENT_RANGE: Final = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+)")


class PrivateAddress(OSError):
    """A host is at a private address and may not be."""


class Web:
    """Owns the connections to web servers. Close it.

    Every host is checked, that of each redirect too, and every address that a name has at the
    moment it is connected to.

    Args:
        hosts: The hosts that may be read from.
        statistics: Takes the figures of requests.
        retry_policy: How long a request may take.
        trust: The certificates to trust; the system's where left out.
    """

    def __init__(
        self,
        hosts: Hosts,
        statistics: RequestStatistics | None = None,
        retry_policy: RetryPolicy = DEFAULT_RETRY_POLICY,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self.statistics: Final = statistics or NoRequestStatistics()
        self._hosts = hosts
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(resolver=_Resolver(hosts), ssl=trust or True),
            timeout=aiohttp.ClientTimeout(
                total=None,
                sock_connect=retry_policy.connect_seconds,
                sock_read=retry_policy.silent_seconds,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            headers={"Accept-Encoding": "identity", "User-Agent": "framecap"},
        )

    @asynccontextmanager
    async def get(self, url: str, **headers: str) -> AsyncIterator[aiohttp.ClientResponse]:
        """Asks for a file, following redirects to allowed hosts.

        Raises:
            StoreFault: It did not answer with the file.
        """
        async with counted_request(self.statistics, Operation.READ, _translate):
            place = URL(url, encoded=True)
            for _ in range(MAX_REDIRECTS + 1):
                self._check(place)
                answer = await self._session.get(place, headers=headers, allow_redirects=False)
                try:
                    location = answer.headers.get("Location", "")
                    if answer.status not in _REDIRECTS or not location:
                        yield answer
                        return
                    place = place.join(URL(location, encoded=True))
                finally:
                    answer.close()
            raise StoreFault(FaultKind.REFUSED, "too many redirects")

    async def close(self) -> None:
        """Closes all connections."""
        await self._session.close()

    def _check(self, place: URL) -> None:
        host, port = place.host or "", place.port or HTTPS_PORT
        if place.scheme != "https" or not self._hosts.allow(host, port):
            raise StoreFault(FaultKind.FORBIDDEN, "a redirect to a host that is not allowed")
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return
        if not (is_public(host) or self._hosts.may_be_private(host, port)):
            raise PrivateAddress


class WebOrigin:
    """One file of a web server.

    Args:
        web: The connections.
        url: Its whole address.
    """

    def __init__(self, web: Web, url: str) -> None:
        self._web = web
        self._url = url

    @asynccontextmanager
    async def open(self, length: int) -> AsyncIterator[tuple[Found, Chunks]]:
        """Asks for the first `length` bytes; gives what was found, and the bytes.

        Raises:
            StoreFault: The server did not answer with them.
        """
        async with self._web.get(self._url, Range=f"bytes=0-{length - 1}") as answer:
            told = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
            if answer.status == _PARTIAL and told:
                size = int(told[2])
            elif answer.status == _NO_RANGE and told and told[2] == "0":
                size = 0
            elif answer.status == _OK and answer.content_length is not None:
                # All of it: fine for a small file; of a large one no range could be had.
                size = answer.content_length
                if size > length:
                    raise StoreFault(FaultKind.REFUSED, "without ranges")
            else:
                raise _fault(answer)
            found = Found(size=size, etag=_version(answer), last_modified=_changed(answer))
            yield found, _chunks(answer, min(length, size))

    @asynccontextmanager
    async def read(self, found: Found, start: int, end: int) -> AsyncIterator[Chunks]:
        """Asks for the bytes in [start, end) of what was found.

        Raises:
            StoreFault: The server did not answer with them; `CHANGED` when the file is no longer
                the one that was found.
        """
        headers = {"Range": f"bytes={start}-{end - 1}"}
        if found.etag.startswith('"'):
            headers["If-Match"] = found.etag
        async with self._web.get(self._url, **headers) as answer:
            if answer.status == _OK or answer.status == _NO_RANGE:
                raise StoreFault(FaultKind.CHANGED, str(answer.status))
            if answer.status != _PARTIAL:
                raise _fault(answer)
            told = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
            if told is None or told[1] is None:
                raise StoreFault(FaultKind.REFUSED, "without Content-Range")
            if (int(told[1]), int(told[2]), _version(answer)) != (start, found.size, found.etag):
                raise StoreFault(FaultKind.CHANGED, "ETag")
            yield _chunks(answer, end - start)


class _Resolver(AbstractResolver):
    """Leaves out the private addresses of a name, unless its host may have some."""

    def __init__(self, hosts: Hosts) -> None:
        self._hosts = hosts
        self._names = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: AddressFamily = AddressFamily.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._names.resolve(host, port, family)
        if self._hosts.may_be_private(host, port):
            return found
        public = [entry for entry in found if is_public(entry["host"])]
        if not public:
            raise PrivateAddress
        return public

    async def close(self) -> None:
        await self._names.close()


async def _chunks(answer: aiohttp.ClientResponse, length: int) -> Chunks:
    """Yields the bytes of an answer, `length` at most."""
    left = length
    while left:
        chunk = await answer.content.read(min(left, CHUNK_BYTES))
        if not chunk:
            return
        left -= len(chunk)
        yield chunk


def _version(answer: aiohttp.ClientResponse) -> str:
    """Returns what tells a file's bytes from others: its ETag, else when it changed."""
    headers = answer.headers
    return headers.get("ETag", "") or headers.get("Last-Modified", "")


def _changed(answer: aiohttp.ClientResponse) -> datetime:
    try:
        told = parsedate_to_datetime(answer.headers.get("Last-Modified", ""))
    except ValueError:
        return EPOCH
    return told.replace(tzinfo=UTC) if told.tzinfo is None else told.astimezone(UTC)


def _fault(answer: aiohttp.ClientResponse) -> StoreFault:
    return StoreFault(by_status(answer.status), str(answer.status))


def _translate(error: Exception) -> StoreFault | None:
    """Returns what a client's error means; its own words may name an address with its query."""
    match error:
        case StoreFault():
            return error
        case aiohttp.ClientConnectorError() if isinstance(error.os_error, PrivateAddress):
            return StoreFault(FaultKind.FORBIDDEN, "a private address")
        case PrivateAddress():
            return StoreFault(FaultKind.FORBIDDEN, "a private address")
        case aiohttp.ClientSSLError():
            return StoreFault(FaultKind.REFUSED, "a certificate that is not trusted")
        case aiohttp.InvalidURL() | ValueError():
            return StoreFault(FaultKind.REFUSED, "no address")
        case aiohttp.ClientError() | OSError() | TimeoutError():
            return StoreFault(FaultKind.PASSING, type(error).__name__)
    return None
