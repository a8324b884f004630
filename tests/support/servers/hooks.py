"""A web server that takes webhooks, and does what its tests say."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from support.servers.web import CERTIFICATE


@dataclass(frozen=True)
class Posted:
    """One request, as it came."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Hooks:
    """What a running server received and does."""

    url: str = ""
    posted: list[Posted] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    """The statuses of the next answers; 200 after them."""

    headers: dict[str, str] = field(default_factory=dict)
    """The headers of answers that are no success."""

    hold: asyncio.Event | None = None
    """No answer before it is set."""

    holding: int = 0
    most_at_once: int = 0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answers one request."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.posted.append(Posted(str(request.rel_url), headers, await request.read()))
        self.holding += 1
        self.most_at_once = max(self.most_at_once, self.holding)
        try:
            if self.hold is not None:
                await self.hold.wait()
        finally:
            self.holding -= 1
        status = self.statuses.pop(0) if self.statuses else 200
        return web.Response(status=status, headers=self.headers if status != 200 else {})


@asynccontextmanager
async def running_hooks(*, tls: bool = False) -> AsyncGenerator[Hooks]:
    """Runs a server while the block lasts."""
    hooks = Hooks()
    app = web.Application()
    app.router.add_route("*", "/{name:.*}", hooks.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    context = None
    if tls:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(CERTIFICATE)
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    try:
        await site.start()
        port = runner.addresses[0][1]
        hooks.url = f"https://localhost:{port}/hook" if tls else f"http://127.0.0.1:{port}/hook"
        yield hooks
    finally:
        await runner.cleanup()
