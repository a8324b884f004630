"""Files of web servers, read by HTTP range requests. Loading this module loads aiohttp."""

from __future__ import annotations

import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import aiohttp
from yarl import URL

from framecap.source.blocks import BLOCK_BYTES
from framecap.source.origin import Chunks, Found
from framecap.source.pin import EPOCH
from framecap.storage.web.hosts import HTTPS_PORT, Hosts
from framecap.storage.web.resolver import CheckedResolver, PrivateAddress, check_digits
from framecap.transport.counted_requests import counted_request
from framecap.transport.faults import FaultKind, StoreFault, by_status
from framecap.transport.request_statistics import NoRequestStatistics, Operation, RequestStatistics
from framecap.transport.retry import DEFAULT_RETRY_POLICY, RetryPolicy

MAX_REDIRECTS: Final = 5
CHUNK_BYTES: Final = 256 * 1024

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_OK, _PARTIAL, _NO_RANGE = 200, 206, 416
_CONTENT_RANGE: Final = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+)")


class Web:
    """Owns the connections to web servers. Close it.

    It checks every host, also that of each redirect, and every address that a name resolves to at
    the moment of the connection.

    Args:
        hosts: The allowed hosts.
        statistics: Receives the figures of requests.
        retry_policy: The timeouts of connections and reads.
        trust: The trusted certificates; the system's by default.
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
            connector=aiohttp.TCPConnector(resolver=CheckedResolver(hosts), ssl=trust or True),
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
        """Requests a file and follows redirects to allowed hosts.

        Raises:
            StoreFault: The server did not answer with the file.
        """
        async with counted_request(self.statistics, Operation.READ, _translate):
            current = URL(url, encoded=True)
            for _ in range(MAX_REDIRECTS + 1):
                self._check(current)
                answer = await self._session.get(current, headers=headers, allow_redirects=False)
                try:
                    location = answer.headers.get("Location", "")
                    if answer.status not in _REDIRECTS or not location:
                        yield answer
                        return
                    current = current.join(URL(location, encoded=True))
                finally:
                    answer.close()
            raise StoreFault(FaultKind.REFUSED, "too many redirects")

    async def close(self) -> None:
        """Closes all connections."""
        await self._session.close()

    def _check(self, url: URL) -> None:
        host, port = url.host or "", url.port or HTTPS_PORT
        if url.scheme != "https" or not self._hosts.allow(host, port):
            raise StoreFault(FaultKind.FORBIDDEN, "a redirect to a host that is not allowed")
        check_digits(self._hosts, host, port)


class WebOrigin:
    """One file of a web server.

    Args:
        web: The connections.
        url: The file's URL, its query included.
    """

    def __init__(self, web: Web, url: str) -> None:
        self._web = web
        self._url = url

    @asynccontextmanager
    async def open(self, length: int) -> AsyncIterator[tuple[Found, Chunks]]:
        """Requests the first `length` bytes; yields the facts of the file, and the bytes.

        Raises:
            StoreFault: The server did not answer with them.
        """
        async with self._web.get(self._url, Range=f"bytes=0-{length - 1}") as answer:
            content_range = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
            if answer.status == _PARTIAL and content_range:
                size = int(content_range[2])
            elif answer.status == _NO_RANGE and content_range and content_range[2] == "0":
                size = 0
            elif answer.status == _OK and answer.content_length is not None:
                # The whole file: enough for a small file, but a large one cannot be read in ranges.
                size = answer.content_length
                if size > max(length, BLOCK_BYTES):
                    raise StoreFault(FaultKind.REFUSED, "without ranges")
            else:
                raise _fault(answer)
            found = Found(size=size, etag=_version(answer), last_modified=_changed(answer))
            yield found, _chunks(answer, min(length, size))

    @asynccontextmanager
    async def read(self, found: Found, start: int, end: int) -> AsyncIterator[Chunks]:
        """Requests the bytes in [start, end) of the file that `open` found.

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
            content_range = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
            if content_range is None or content_range[1] is None:
                raise StoreFault(FaultKind.REFUSED, "without Content-Range")
            first, size = int(content_range[1]), int(content_range[2])
            if (first, size, _version(answer)) != (start, found.size, found.etag):
                raise StoreFault(FaultKind.CHANGED, "ETag")
            yield _chunks(answer, end - start)


async def _chunks(answer: aiohttp.ClientResponse, length: int) -> Chunks:
    """Yields at most `length` bytes of an answer."""
    left = length
    while left:
        chunk = await answer.content.read(min(left, CHUNK_BYTES))
        if not chunk:
            return
        left -= len(chunk)
        yield chunk


def _version(answer: aiohttp.ClientResponse) -> str:
    """Returns the version of a file: its ETag, else its time of modification."""
    headers = answer.headers
    return headers.get("ETag", "") or headers.get("Last-Modified", "")


def _changed(answer: aiohttp.ClientResponse) -> datetime:
    try:
        changed = parsedate_to_datetime(answer.headers.get("Last-Modified", ""))
    except ValueError:
        return EPOCH
    return changed.replace(tzinfo=UTC) if changed.tzinfo is None else changed.astimezone(UTC)


def _fault(answer: aiohttp.ClientResponse) -> StoreFault:
    return StoreFault(by_status(answer.status), str(answer.status))


def _translate(error: Exception) -> StoreFault | None:
    """Returns the fault for a client's error, without its text, which may show a URL's query."""
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
