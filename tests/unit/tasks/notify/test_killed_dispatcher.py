"""A process that is killed between a delivery and its record delivers again: at least once."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections import Counter
from pathlib import Path

import pytest

from framecap.tasks.notify.notifier import open_notifier
from framecap.tasks.notify.topics import Topics
from support.tasks.outbox import QUICK, SOON, Meter, emptied, end_tasks, open_engine

TESTS = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("point", "repeated"), [("before", 1), ("after", 0)], ids=["unrecorded", "recorded"]
)
async def test_killed_after_a_delivery(tmp_path: Path, point: str, repeated: int) -> None:
    path = tmp_path / "tasks.sqlite"
    async with open_engine(path, settings=SOON) as engine:
        ids = await end_tasks(engine, *["a"] * 5)
        killed = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "support.tasks.notifying"),
            *(str(path), str(tmp_path), point, "3"),
            cwd=TESTS,
        )
        assert await killed.wait() == -signal.SIGKILL
        assert await engine.undelivered_count() == 2 + repeated
        async with open_notifier(engine, Topics(), tmp_path, Meter(), QUICK):
            await emptied(engine)
    lines = (tmp_path / "notifications/a.jsonl").read_bytes().splitlines()
    delivered = Counter(json.loads(line)["id"] for line in lines)
    assert delivered.keys() == set(ids)
    assert sorted(delivered.values()) == [1] * (5 - repeated) + [2] * repeated
