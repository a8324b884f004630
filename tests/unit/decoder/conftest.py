"""Launchers for tests of decoders."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from framecap.decoder.launcher import DirectFork, ForkServer
from framecap.decoder.settings import DecoderSettings
from unit.decoder import program
from unit.decoder.jobs import COMMAND


@pytest.fixture
def decoder_settings() -> DecoderSettings:
    return DecoderSettings()


@pytest.fixture
async def launcher(decoder_settings: DecoderSettings) -> AsyncIterator[DirectFork]:
    """Starts decoders from a fork of the tests, which have everything loaded: at once."""
    direct = DirectFork(decoder_settings, run=program.run)
    yield direct
    await direct.close()


@pytest.fixture
async def forkserver(decoder_settings: DecoderSettings) -> AsyncIterator[ForkServer]:
    """Starts decoders as the service does, which takes a moment longer."""
    server = await ForkServer.start(decoder_settings, command=COMMAND)
    yield server
    await server.close()
