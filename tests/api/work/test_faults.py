"""Tasks whose stores fail, and workers in which something fails that never should."""

from __future__ import annotations

import errno
from collections import Counter
from pathlib import Path

import pytest

from framecap.errors import SinkUnreachable
from framecap.server import assembly
from framecap.storage.directory.atomic_files import WholeFiles
from framecap.tasks import retry_policy
from framecap.tasks.embedded.engine import EmbeddedEngine
from framecap.tasks.embedded.lease import EmbeddedLease
from framecap.tasks.embedded.writes import DurableWrite
from framecap.tasks.engine import EngineSettings, Lease
from framecap.tasks.retry_policy import MAX_ATTEMPTS
from framecap.tasks.worker import attempts, heartbeat, log, workers
from framecap.v1 import task_service_pb2 as pb
from support.api.calls import EVERY_FRAME_JPG, reason
from support.api.tasks import create, get, stored, watched
from support.api.working import FRAMES, RunWorking, assert_whole

SOON = 0.01
LEASE = 1_000_000_000


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has all that failed repeated soon."""
    for module in (workers, log, heartbeat):
        monkeypatch.setattr(module, "AGAIN_SECONDS", SOON)
    monkeypatch.setattr(retry_policy, "DELAYS", (0,))


class FailingWrites:
    """Fails the first durable writes of a kind, as a disk would."""

    def __init__(self, write: DurableWrite, count: int) -> None:
        self._write = write
        self.left = count

    def before_commit(self, write: DurableWrite) -> None:
        if write is self._write and self.left:
            self.left -= 1
            raise OSError(errno.EIO, "Input/output error")

    def after_commit(self, write: DurableWrite) -> None:
        pass


class FullDisk:
    """Refuses the file of one name, a number of times."""

    def __init__(self, name: str, count: int) -> None:
        self._name = name
        self.left = count

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Puts it before all files."""
        write = WholeFiles.write

        def refusing(files: WholeFiles, path: str, data: bytes) -> None:
            if path.endswith(self._name) and self.left:
                self.left -= 1
                raise OSError(errno.ENOSPC, "no space")
            write(files, path, data)

        monkeypatch.setattr(WholeFiles, "write", refusing)


def engines_with(
    monkeypatch: pytest.MonkeyPatch, faults: FailingWrites, lease: int = 30 * LEASE
) -> None:
    """Gives services engines with faults."""
    monkeypatch.setattr(
        assembly,
        "EmbeddedEngine",
        lambda path, envelope, settings: EmbeddedEngine(
            path, envelope=envelope, settings=EngineSettings(lease=lease), faults=faults
        ),
    )


@pytest.mark.parametrize("write", [DurableWrite.TAKE, DurableWrite.APPEND, DurableWrite.FINISH])
async def test_a_worker_waits_for_the_store_of_tasks(
    working: RunWorking, data: Path, monkeypatch: pytest.MonkeyPatch, write: DurableWrite
) -> None:
    faults = FailingWrites(write, 3)
    engines_with(monkeypatch, faults)
    # Each event is written by itself.
    monkeypatch.setattr(log, "MAX_BATCH", 1)
    async with working() as (_, tasks, _):
        created = await create(tasks, text=EVERY_FRAME_JPG)
        taken = await watched(tasks, created.task_id)
        task = await get(tasks, created.task_id)
    assert faults.left == 0
    assert (task.state, task.attempt) == (pb.TASK_STATE_SUCCEEDED, 1)
    assert len(taken.frames) == FRAMES
    assert_whole(taken, data / "buckets/shots/trip")


async def test_a_store_of_images_that_fails_is_tried_again(
    working: RunWorking, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    FullDisk("/4.jpg", 1).install(monkeypatch)
    faults = FailingWrites(DurableWrite.RETRY_LATER, 2)
    engines_with(monkeypatch, faults)
    async with working() as (_, tasks, _):
        created = await create(tasks, text=EVERY_FRAME_JPG)
        taken = await watched(tasks, created.task_id)
        task = await get(tasks, created.task_id)
    assert faults.left == 0
    assert (task.state, task.attempt) == (pb.TASK_STATE_SUCCEEDED, 2)
    assert Counter(frame.index for frame in taken.frames)[3] == 2, "each attempt has all images"
    assert_whole(taken, data / "buckets/shots/trip")
    assert task.usage == taken.finished.usage
    assert task.usage.image_count == FRAMES
    sizes = [path.stat().st_size for path in (data / "buckets/shots/trip").iterdir()]
    assert task.usage.written_bytes == sum(sizes), "no image is stored twice"


async def test_the_last_attempt_says_what_it_stored(
    working: RunWorking, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    FullDisk("/4.jpg", MAX_ATTEMPTS).install(monkeypatch)
    async with working() as (service, tasks, _):
        created = await create(tasks, text=EVERY_FRAME_JPG)
        taken = await watched(tasks, created.task_id)
        task = await get(tasks, created.task_id)
        records = (await service.tasks.usage(None)).records
    assert taken.cases.count("attempt_started") == task.attempt == MAX_ATTEMPTS
    assert task.state == pb.TASK_STATE_FAILED
    assert reason(task.error) == reason(taken.finished.status) == SinkUnreachable.reason
    assert_whole(taken, data / "buckets/shots/trip")
    assert taken.finished.captured_count == task.usage.image_count == 3
    (record,) = records
    assert (record.image_count, record.outcome) == (3, SinkUnreachable.reason)
    assert record.usage.cpu == taken.finished.usage.cpu_time.ToNanoseconds() > 0


async def test_a_fault_of_the_service_fails_the_task_and_no_other(
    working: RunWorking,
    data: Path,
    monkeypatch: pytest.MonkeyPatch,
    expected_errors: list[str],
) -> None:
    expected_errors.append("incident [0-9a-f]{16}")
    read = attempts.call_of
    broken = []

    def call_of(task, work):  # type: ignore[no-untyped-def]
        if not broken:
            broken.append(task)
            raise KeyError("unforeseen")
        return read(task, work)

    monkeypatch.setattr(attempts, "call_of", call_of)
    async with working(slots=1) as (_, tasks, _):
        first = await create(tasks)
        failed = await watched(tasks, first.task_id)
        second = await create(tasks, delivery=stored("second/{index}.jpg"))
        succeeded = await watched(tasks, second.task_id)
    status = failed.finished.status
    assert reason(status) == "INTERNAL"
    assert "unforeseen" not in status.message
    assert succeeded.finished.status.code == 0


async def test_a_fault_while_a_task_is_taken_is_survived(
    working: RunWorking, monkeypatch: pytest.MonkeyPatch, expected_errors: list[str]
) -> None:
    expected_errors.append("incident [0-9a-f]{16}")
    take = EmbeddedEngine.take
    faults = [KeyError("unforeseen"), KeyError("again")]

    async def failing(engine: EmbeddedEngine) -> Lease | None:
        if faults:
            raise faults.pop()
        return await take(engine)

    monkeypatch.setattr(EmbeddedEngine, "take", failing)
    async with working() as (_, tasks, _):
        created = await create(tasks)
        taken = await watched(tasks, created.task_id)
    assert not faults
    assert taken.finished.status.code == 0


async def test_a_fault_while_a_lease_is_confirmed_is_survived(
    working: RunWorking, monkeypatch: pytest.MonkeyPatch, expected_errors: list[str]
) -> None:
    expected_errors.append("incident [0-9a-f]{16}")
    engines_with(monkeypatch, FailingWrites(DurableWrite.TAKE, 0), LEASE)
    confirm = EmbeddedLease.confirm
    confirmed = 0

    async def failing(lease: EmbeddedLease) -> None:
        nonlocal confirmed
        confirmed += 1
        if confirmed == 1:
            raise KeyError("unforeseen")
        await confirm(lease)

    monkeypatch.setattr(EmbeddedLease, "confirm", failing)
    async with working() as (_, tasks, _):
        created = await create(tasks, source="films/long.mp4", text=EVERY_FRAME_JPG)
        taken = await watched(tasks, created.task_id)
    assert confirmed > 1
    assert taken.cases.count("attempt_started") == 1
    assert taken.finished.status.code == 0
