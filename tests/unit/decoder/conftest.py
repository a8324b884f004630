"""Launchers for tests of decoders."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

import pytest

from framecap.decoder.child.forked_server import serve_forked
from framecap.decoder.service.launcher import DirectFork, ForkServer
from framecap.decoder.service.settings import DecoderSettings
from support.decoder import program
from support.decoder.jobs import COMMAND


@pytest.fixture
def decoder_settings() -> DecoderSettings:
    return DecoderSettings()


@pytest.fixture
async def launcher(decoder_settings: DecoderSettings) -> AsyncIterator[DirectFork]:
    """Starts decoders from a fork of the tests, which have everything loaded: at once."""
    direct = DirectFork(partial(serve_forked, run=program.run), decoder_settings)
    yield direct
    await direct.close()


@pytest.fixture
async def forkserver(decoder_settings: DecoderSettings) -> AsyncIterator[ForkServer]:
    """Starts decoders as the service does, which takes a moment longer."""
    server = await ForkServer.start(decoder_settings, command=COMMAND)
    yield server
    await server.close()
