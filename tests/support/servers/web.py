"""A web server with a certificate, for `https://` sources; it does what its tests say."""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

CERTIFICATE = Path(__file__).with_name("localhost.pem")
"""For `localhost` and 127.0.0.1, with its key; of the tests alone."""


@dataclass
class Site:
    """What a running server has and does."""

    port: int = 0
    files: dict[str, bytes] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    ranges: bool = True
    status: int | None = None
    facts: dict[str, str] | None = None
    signature: str | None = None
    asked: list[str] = field(default_factory=list)

    def url(self, name: str, host: str = "localhost") -> str:
        """Returns a file's address."""
        return f"https://{host}:{self.port}/{name}"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answers one request."""
        self.asked.append(str(request.rel_url))
        if self.status is not None:
            return web.Response(status=self.status)
        if self.signature is not None and request.rel_url.raw_query_string != self.signature:
            return web.Response(status=403)
        name = request.path[1:]
        if name in self.redirects:
            return web.Response(status=302, headers={"Location": self.redirects[name]})
        if name not in self.files:
            return web.Response(status=404)
        data = self.files[name]
        headers = {
            "ETag": f'"{self.versions.get(name, 0)}"',
            "Last-Modified": "Tue, 24 Nov 2026 10:00:00 GMT",
        }
        headers = headers if self.facts is None else self.facts
        wanted = request.http_range
        if not self.ranges or wanted.start is None:
            return web.Response(body=data, headers=headers)
        if not data:
            return web.Response(status=416, headers={"Content-Range": "bytes */0"})
        part = data[wanted]
        where = f"bytes {wanted.start}-{wanted.start + len(part) - 1}/{len(data)}"
        return web.Response(status=206, body=part, headers={**headers, "Content-Range": where})


@asynccontextmanager
async def running_site() -> AsyncGenerator[Site]:
    """Runs a server while the block lasts."""
    site = Site()
    app = web.Application()
    app.router.add_get("/{name:.*}", site.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE)
    place = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    try:
        await place.start()
        site.port = runner.addresses[0][1]
        yield site
    finally:
        await runner.cleanup()
