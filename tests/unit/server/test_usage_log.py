"""The log of usage records: tries again, gives up in time, and refuses captures for a moment."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from framecap.errors import Code, DataStoreUnavailable
from framecap.model.usage import UsageRecord
from framecap.server import usage_log
from framecap.server.usage_log import EngineUsageLog
from support.tasks.engines import direct

RECORD = direct("call-1", 5)


class Engine:
    """Keeps records, but for the attempts that fail."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.attempts = 0
        self.kept: list[UsageRecord] = []

    async def record_usage(self, record: UsageRecord) -> None:
        self.attempts += 1
        if self.attempts <= self.failures:
            raise DataStoreUnavailable("full", metadata={"cause": "full"}, retry_after_ms=7)
        self.kept.append(record)


class Silent(Engine):
    """Never answers."""

    async def record_usage(self, record: UsageRecord) -> None:
        self.attempts += 1
        await asyncio.Event().wait()


def log_in(engine: Any, record_seconds: float = 60.0) -> EngineUsageLog:
    return EngineUsageLog(engine, record_seconds)


async def test_a_record_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage_log, "PAUSE_SECONDS", 0.001)
    engine = Engine(failures=3)
    log = log_in(engine)
    await log.record(RECORD)
    log.check()
    assert (engine.kept, engine.attempts) == ([RECORD], 4)


async def test_it_gives_up_and_refuses_captures_for_a_moment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(usage_log, "REFUSE_SECONDS", 3600.0)
    engine = Engine(failures=1)
    log = log_in(engine, record_seconds=0.1)
    log.check()
    with pytest.raises(DataStoreUnavailable):
        await log.record(RECORD)
    with pytest.raises(DataStoreUnavailable) as caught:
        log.check()
    assert (str(caught.value), caught.value.metadata) == ("full", {"cause": "full"})
    assert caught.value.retry_after_ms == 7
    # One that had begun before finds out that it passed.
    await log.record(RECORD)
    log.check()
    assert engine.kept == [RECORD]


async def test_after_the_moment_the_next_capture_finds_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(usage_log, "REFUSE_SECONDS", 0.0)
    log = log_in(Engine(failures=1), record_seconds=0.1)
    with pytest.raises(DataStoreUnavailable):
        await log.record(RECORD)
    log.check()


async def test_a_store_that_does_not_answer_is_unavailable() -> None:
    engine = Silent()
    with pytest.raises(DataStoreUnavailable) as caught:
        await log_in(engine, record_seconds=0.01).record(RECORD)
    assert (caught.value.code, caught.value.reason) == (
        Code.UNAVAILABLE,
        "DATA_STORE_UNAVAILABLE",
    )
    cause = "it did not answer in time"
    assert str(caught.value) == f"the store of the tasks is not available: {cause}"
    assert caught.value.metadata == {"cause": cause}
    assert caught.value.retry_after_ms == 1000
    assert engine.attempts == 1
