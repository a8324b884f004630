"""A proxy between the service and a store that counts, refuses, cuts and delays."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

import pytest


@dataclass
class Asked:
    """One request, as the proxy saw it."""

    method: str
    path: str
    headers: dict[str, str]
    number: int
    """Among all, from 1."""

    sent: int = 0
    """Bytes of the answer that were passed on."""


@dataclass
class Fault:
    """What the proxy does with a request instead of passing it on whole."""

    status: int | None = None
    """Answers with this status and an error of the store's kind."""

    code: str = "SlowDown"
    cut_answer_after: int | None = None
    """Closes the connection after so many bytes of the answer, its head included."""

    cut_request_after: int | None = None
    """Closes both connections after so many bytes of the request's body."""

    before: Callable[[], object] | None = None
    """Is awaited before the request is passed on."""


@dataclass
class Proxy:
    """A running proxy."""

    endpoint: str
    asked: list[Asked] = field(default_factory=list)
    fault: Callable[[Asked], Fault | None] = lambda _asked: None

    @property
    def bytes(self) -> int:
        """Bytes of answers that were passed on."""
        return sum(asked.sent for asked in self.asked)


class Run(Protocol):
    """Runs proxies."""

    def __call__(self, endpoint: str) -> contextlib.AbstractAsyncContextManager[Proxy]: ...


ERROR = "<?xml version='1.0'?><Error><Code>{code}</Code><Message>as asked</Message></Error>"


@asynccontextmanager
async def running_proxy(endpoint: str) -> AsyncGenerator[Proxy]:
    """Runs a proxy before a store while the block lasts. It takes one request per connection."""
    where = urlsplit(endpoint)
    proxy = Proxy("")
    tasks: set[asyncio.Task[None]] = set()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())  # type: ignore[arg-type]
        try:
            await pass_on(proxy, reader, writer, where.hostname or "", where.port or 80)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            # Gone, or over: a stream's task must not say that it was cancelled.
            pass
        finally:
            await closed(writer)

    server = await asyncio.start_server(take, "127.0.0.1", 0, limit=1 << 20)
    proxy.endpoint = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


async def pass_on(
    proxy: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, port: int
) -> None:
    """Takes one request and answers it: by the store's answer, or by a fault."""
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ")
    headers = {
        name.strip().lower(): value.strip()
        for name, _, value in (line.partition(":") for line in lines if line)
    }
    asked = Asked(method, path, headers, len(proxy.asked) + 1)
    proxy.asked.append(asked)
    fault = proxy.fault(asked) or Fault()
    length = int(headers.get("content-length", 0))
    if fault.before is not None:
        await fault.before()  # type: ignore[misc]
    if headers.get("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    if fault.status is not None:
        await reader.readexactly(length)
        body = ERROR.format(code=fault.code).encode()
        writer.write(
            f"HTTP/1.1 {fault.status} Fault\r\nContent-Type: application/xml\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
        )
        writer.write(body if method != "HEAD" else b"")
        await writer.drain()
        return
    theirs, ours = await asyncio.open_connection(host, port)
    try:
        kept = [line for line in lines if not line.lower().startswith("connection:") and line]
        kept = [line for line in kept if not line.lower().startswith("expect:")]
        ours.write("\r\n".join([first, *kept, "Connection: close", "", ""]).encode("latin-1"))
        taken = length if fault.cut_request_after is None else fault.cut_request_after
        left = min(length, taken)
        while left:
            chunk = await reader.read(min(left, 1 << 16))
            if not chunk:
                return
            left -= len(chunk)
            ours.write(chunk)
            await ours.drain()
        if taken < length:
            return
        while chunk := await theirs.read(1 << 16):
            if fault.cut_answer_after is not None:
                chunk = chunk[: fault.cut_answer_after - asked.sent]
            asked.sent += len(chunk)
            writer.write(chunk)
            await writer.drain()
            if asked.sent == fault.cut_answer_after:
                return
    finally:
        await closed(ours)


async def closed(writer: asyncio.StreamWriter) -> None:
    """Returns once a connection is closed."""
    writer.close()
    with contextlib.suppress(ConnectionError, asyncio.CancelledError):
        await writer.wait_closed()


@pytest.fixture
def proxied() -> Run:
    """Runs proxies before stores."""
    return running_proxy
