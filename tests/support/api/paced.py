"""Captures of tasks that take their time, so that a busy machine catches them under way."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from framecap.tasks.embedded.lease import EmbeddedLease
from framecap.v1.event_pb2 import CaptureEvent

PAUSE_S = 0.15


@pytest.fixture
def paced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes each batch of events wait before it is written; the capture waits with it."""
    append = EmbeddedLease.append

    async def slow(lease: EmbeddedLease, events: Sequence[CaptureEvent]) -> None:
        await asyncio.sleep(PAUSE_S)
        await append(lease, events)

    monkeypatch.setattr(EmbeddedLease, "append", slow)
