"""Fork servers for tests of decoders."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from framecap.decoder.launcher import ForkServer
from framecap.decoder.settings import DecoderSettings
from unit.decoder.jobs import COMMAND


@pytest.fixture
def decoder_settings() -> DecoderSettings:
    return DecoderSettings()


@pytest.fixture
async def forkserver(decoder_settings: DecoderSettings) -> AsyncIterator[ForkServer]:
    server = await ForkServer.start(decoder_settings, command=COMMAND)
    yield server
    await server.close()
