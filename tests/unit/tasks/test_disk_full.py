"""A full disk or a file that cannot be written refuses submissions, loses nothing, and passes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from framecap.errors import DataStoreUnavailable
from framecap.tasks.embedded.engine import EmbeddedEngine
from framecap.tasks.task import TaskState
from support.tasks.engines import MINE, PROBED, end, envelope, log, new_task, take, write

TESTS = Path(__file__).parents[2]
FULL = {"cause": "the disk or the file's quota is full"}
PAGES = 80


async def fill(engine: EmbeddedEngine) -> tuple[set[str], DataStoreUnavailable]:
    """Submits until a submission is refused; returns the ids of those that were not."""
    made = set()
    for _ in range(1000):
        try:
            made.add((await engine.submit(new_task(user_data="x" * 500))).task.task_id)
        except DataStoreUnavailable as error:
            return made, error
    raise AssertionError("the file never was full")


async def test_a_full_file_refuses_and_recovers(tmp_path: Path) -> None:
    engine = EmbeddedEngine(tmp_path / "tasks.db", envelope=envelope)
    engine.database.max_pages = PAGES
    task = (await engine.submit(new_task())).task
    lease = await take(engine)
    made, error = await fill(engine)
    assert error.metadata == FULL
    assert error.retry_after_ms == 1000
    made.add(task.task_id)
    with pytest.raises(DataStoreUnavailable):
        while True:
            await write(lease, PROBED)
    written = await log(engine, task)
    # What was answered is there, and can be read while nothing can be written.
    listed = await engine.list(MINE, page_size=1000)
    assert {each.task_id for each in listed.tasks} == made
    assert lease.sequence == len(written)
    assert lease.held
    engine.database.max_pages = 2**30
    await write(lease, PROBED)
    assert (await end(lease)).state == TaskState.SUCCEEDED
    assert await log(engine, task) == [*written, "probed", "finished"]
    assert (await engine.submit(new_task())).created
    await engine.close()


async def test_a_submission_that_was_refused_left_nothing(tmp_path: Path) -> None:
    engine = EmbeddedEngine(tmp_path / "tasks.db", envelope=envelope)
    engine.database.max_pages = PAGES
    made, _ = await fill(engine)
    with pytest.raises(DataStoreUnavailable):
        await engine.submit(new_task(request_id="a", user_data="x" * 10_000))
    engine.database.max_pages = 2**30
    assert (await engine.submit(new_task(request_id="a", user_data="x" * 10_000))).created
    assert len((await engine.list(MINE, page_size=1000)).tasks) == len(made) + 1
    await engine.close()


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A directory whose parents any user may pass."""
    directory = Path(tempfile.mkdtemp(prefix="framecap-tasks-"))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory)


def confined(path: Path, by: str) -> dict[str, Any]:
    """Runs submissions that are confined for a while; returns what happened."""
    run = subprocess.run(
        [sys.executable, "-m", "support.tasks.confined", str(path), by],
        cwd=TESTS,
        check=True,
        capture_output=True,
        timeout=120,
    )
    seen: dict[str, Any] = json.loads(run.stdout)
    return seen


def test_a_file_that_may_not_grow_recovers(reachable: Path) -> None:
    seen = confined(reachable / "data" / "tasks.db", "size")
    assert set(seen["causes"]) <= {"the disk failed", FULL["cause"]}
    assert seen["before"] > 1
    assert seen["after"] == seen["before"] + 1
    assert seen["held"]


def test_a_file_of_another_user_is_used_once_it_may_be(reachable: Path) -> None:
    seen = confined(reachable / "data" / "tasks.db", "uid")
    assert seen["causes"] == ["Permission denied"] * 3
    assert (seen["before"], seen["after"]) == (1, 2)


async def test_a_directory_that_is_not_there_yet_is_used_once_it_is(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("in the way")
    engine = EmbeddedEngine(tmp_path / "data" / "tasks.db", envelope=envelope)
    for _ in range(2):
        with pytest.raises(DataStoreUnavailable) as caught:
            await engine.submit(new_task())
        assert caught.value.metadata["cause"] in {"File exists", "Not a directory"}
        with pytest.raises(DataStoreUnavailable):
            await engine.list(MINE)
        assert await waited(engine)
    (tmp_path / "data").unlink()
    assert (await engine.submit(new_task())).created
    await engine.close()


async def waited(engine: EmbeddedEngine) -> bool:
    """Waits for work; a store that is away does not end the wait by an error."""
    await engine.wait_for_work()
    return True
