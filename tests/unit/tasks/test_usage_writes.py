"""Usage records that arrive together share a transaction, and each is written for sure."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from framecap.errors import DataStoreUnavailable
from framecap.tasks.embedded import usage_writes
from framecap.tasks.embedded.engine import EmbeddedEngine
from framecap.tasks.embedded.writes import DurableWrite
from support.tasks.engines import direct, envelope, recorded


class Held:
    """Holds the first commit of a usage record, and counts them all."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.released = threading.Event()
        self.commits = 0

    def before_commit(self, write: DurableWrite) -> None:
        if write is DurableWrite.RECORD_USAGE:
            self.commits += 1
            self.reached.set()
            assert self.released.wait(20)

    def after_commit(self, write: DurableWrite) -> None:
        pass


@pytest.fixture
def held() -> Held:
    return Held()


@pytest.fixture
def engine(tmp_path: Path, held: Held) -> EmbeddedEngine:
    return EmbeddedEngine(tmp_path / "tasks.db", envelope=envelope, faults=held)


def adding(engine: EmbeddedEngine, count: int, first: int = 0) -> list[asyncio.Task[None]]:
    return [
        asyncio.create_task(engine.record_usage(direct(f"call-{number:03}", number)))
        for number in range(first, first + count)
    ]


async def test_records_that_come_meanwhile_share_the_next_transaction(
    engine: EmbeddedEngine, held: Held
) -> None:
    (first,) = adding(engine, 1)
    await asyncio.to_thread(held.reached.wait)
    others = adding(engine, 100, first=1)
    await asyncio.sleep(0)
    assert not any(task.done() for task in (first, *others))
    held.released.set()
    await asyncio.gather(first, *others)
    assert held.commits == 2
    assert len(await recorded(engine)) == 101
    await engine.close()


async def test_a_record_whose_writer_is_cancelled_is_written(
    engine: EmbeddedEngine, held: Held, tmp_path: Path
) -> None:
    (first,) = adding(engine, 1)
    await asyncio.to_thread(held.reached.wait)
    (second,) = adding(engine, 1, first=1)
    await asyncio.sleep(0)
    for task in (first, second):
        task.cancel()
    held.released.set()
    # The end of the engine waits for them.
    await engine.close()
    done = await asyncio.gather(first, second, return_exceptions=True)
    assert [type(each) for each in done] == [asyncio.CancelledError] * 2
    other = EmbeddedEngine(tmp_path / "tasks.db", envelope=envelope)
    assert len(await recorded(other)) == 2
    await other.close()


async def test_more_than_can_wait_are_refused_at_once(
    engine: EmbeddedEngine, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage_writes, "MAX_WAITING", 3)
    writing = adding(engine, 1)
    await asyncio.to_thread(held.reached.wait)
    writing += adding(engine, 3, first=1)
    await asyncio.sleep(0)
    with pytest.raises(DataStoreUnavailable) as caught:
        await engine.record_usage(direct("call-9", 9))
    assert caught.value.metadata == {"cause": "it is busy"}
    assert caught.value.retry_after_ms == 1000
    held.released.set()
    await asyncio.gather(*writing)
    assert len(await recorded(engine)) == 4
    await engine.close()


async def test_a_transaction_that_fails_fails_all_its_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = EmbeddedEngine(tmp_path / "tasks.db", envelope=envelope)
    engine.database.max_pages = 1
    failed = await asyncio.gather(*adding(engine, 3), return_exceptions=True)
    assert [type(each) for each in failed] == [DataStoreUnavailable] * 3
    engine.database.max_pages = 2**30
    await asyncio.gather(*adding(engine, 3))
    assert len(await recorded(engine)) == 3
    await engine.close()
