"""What happens to a direct capture whose usage record cannot be written."""

from __future__ import annotations

from pathlib import Path

import pytest
from google.rpc import error_details_pb2

from framecap.errors import DataStoreUnavailable
from framecap.server import usage_log
from framecap.tasks.embedded.engine import EmbeddedEngine
from support.api.calls import EVERY_SECOND, code, detail, reason, take
from support.api.running import Run, Running
from support.api.usage import recorded
from support.tasks.engines import direct

FULL = "the store of the tasks is not available: the disk or the file's quota is full"
PAGES = 64
HOUR = 3600.0


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes a record that cannot be written fail at its first attempt."""
    monkeypatch.setattr(usage_log, "PAUSE_SECONDS", HOUR)


async def fill(client: Running) -> EmbeddedEngine:
    """Fills the service's database to its last page."""
    engine = client.service.tasks
    assert isinstance(engine, EmbeddedEngine)
    engine.database.max_pages = PAGES
    # The file is open already.
    await engine.database.note(
        lambda connection: connection.execute(f"PRAGMA max_page_count = {PAGES}").fetchone()
    )
    with pytest.raises(DataStoreUnavailable):
        for number in range(10_000):
            await engine.record_usage(direct(f"{number}" + "x" * 3000, 1, "other"))
    with pytest.raises(DataStoreUnavailable):
        for number in range(10_000):
            await engine.record_usage(direct(f"small {number}", 1, "other"))
    return engine


async def test_it_ends_unavailable_and_is_not_charged(
    run: Run, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage_log, "REFUSE_SECONDS", 0.0)
    async with run() as client:
        engine = await fill(client)
        taken = await take(client.stub, source=f"{media}/short.mp4", text=EVERY_SECOND)
        assert (code(taken.status), reason(taken.status)) == (
            "UNAVAILABLE",
            "DATA_STORE_UNAVAILABLE",
        )
        assert taken.status is not None
        assert taken.status.message == FULL
        assert detail(taken.status, error_details_pb2.RetryInfo).retry_delay.seconds == 1
        assert taken.finished.status == taken.status
        # Its images arrived, and the client learns that they were not charged.
        assert len(taken.frames) == taken.finished.captured_count == 4
        assert not taken.finished.HasField("usage")
        # One that fails by its file says so only once that is recorded.
        broken = await take(client.stub, source=f"{media}/text.mp4", text=EVERY_SECOND)
        assert reason(broken.status) == "DATA_STORE_UNAVAILABLE"
        assert await recorded(client.channel) == []
        # It passes by itself.
        engine.database.max_pages = 2**30
        again = await take(client.stub, source=f"{media}/short.mp4", text=EVERY_SECOND)
        assert again.status is None
        (record,) = await recorded(client.channel)
        assert record.usage == again.finished.usage


async def test_others_are_refused_before_their_work(
    run: Run, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage_log, "REFUSE_SECONDS", HOUR)
    async with run() as client:
        await fill(client)
        source = f"{media}/short.mp4"
        first = await take(client.stub, source=source, text=EVERY_SECOND)
        second = await take(client.stub, source=source, text=EVERY_SECOND)
        assert reason(first.status) == reason(second.status) == "DATA_STORE_UNAVAILABLE"
        assert second.events == []
        assert second.status is not None
        assert second.status.message == FULL
        # What needs no record goes on.
        valid = await take(client.stub, source=source, text=EVERY_SECOND, validate_only=True)
        assert valid.cases == ["accepted", "finished"]
