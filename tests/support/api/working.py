"""A service that works on tasks, and what its logs and buckets say."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import NamedTuple

from framecap.server.serve import Service
from framecap.v1.event_pb2 import CaptureEvent
from framecap.v1.snapshot_service_pb2_grpc import SnapshotServiceStub
from framecap.v1.task_service_pb2_grpc import TaskServiceStub
from support.api.calls import Taken
from support.api.tasks import events_of, of_record

FRAMES = 60
LONG = 1500
"""The frames of a film whose capture does not end while a test looks away."""
GOP = 25
"""The frames of a group of pictures of the long film."""


class Working(NamedTuple):
    """A service that works on tasks, and its client."""

    service: Service
    tasks: TaskServiceStub
    captures: SnapshotServiceStub


RunWorking = Callable[..., AbstractAsyncContextManager[Working]]


def hashes(folder: Path) -> dict[str, str]:
    """Returns the SHA-256 of the files of a folder, by name."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def last_attempt(taken: Taken) -> Taken:
    """Returns the events from the last `attempt_started` on."""
    begin = max(n for n, case in enumerate(taken.cases) if case == "attempt_started")
    return Taken(taken.events[begin:])


def assert_whole(taken: Taken, folder: Path) -> None:
    """Asserts that a log has no gap, and that its last attempt names the stored images."""
    assert_without_gap(taken)
    frames = last_attempt(taken).frames
    stored_hashes = hashes(folder)
    assert {Path(frame.uri).name: frame.sha256 for frame in frames} == stored_hashes


def assert_without_gap(taken: Taken) -> None:
    """Asserts that the numbers of a log and the indexes of its last attempt have no gap."""
    numbers = of_record(taken.events)
    assert numbers == list(range(1, len(numbers) + 1))
    frames = last_attempt(taken).frames
    assert [frame.index for frame in frames] == list(range(1, len(frames) + 1))


def decoders_of(service: Service) -> list[int]:
    """Returns the pids of a service's decoders."""
    pid = service.launcher.pid
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


async def until_a_frame(stub: TaskServiceStub, task_id: str, count: int = 1) -> CaptureEvent:
    """Returns the event of an image, once it is in the log."""
    seen = 0
    async for response in events_of(stub, task_id):
        seen += response.event.HasField("frame")
        if seen == count:
            return response.event
    raise AssertionError("the log ended before")
