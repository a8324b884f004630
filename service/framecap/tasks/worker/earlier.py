"""The images that earlier attempts at a task stored, read from its log."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from framecap.attempt import Earlier
from framecap.checked_request import CheckedRequest
from framecap.model.resume import ResumePoint
from framecap.modes.registry import resumes
from framecap.outputs.registry import output_of
from framecap.tasks.engine import Lease, TaskEngine
from framecap.v1.event_pb2 import CaptureEvent, FrameCaptured

PAGE: Final = 200
"""The events read at a time."""

FIRST: Final = 2
"""The number of `attempt_started` of the first attempt, which follows `accepted`."""


@dataclass
class _Stored:
    """The images that one attempt stored."""

    begin: int
    """The number of its `attempt_started`."""

    is_video: bool = False
    """True once it is known that the source is no cover."""

    count: int = 0
    answered: int = 0
    damaged: int = 0
    last: FrameCaptured | None = None

    def note(self, event: CaptureEvent) -> None:
        """Counts an event of the attempt."""
        match event.WhichOneof("event"):
            case "probed":
                self.is_video = not event.probed.cover
            case "frame":
                frame = event.frame
                self.count += 1
                self.answered += frame.answered_count
                self.damaged += frame.damaged
                self.last = frame

    @property
    def point(self) -> ResumePoint | None:
        """The point after the last image; None where there is none to go on after."""
        if self.last is None or not self.is_video:
            return None
        unit = self.last.time_base
        return ResumePoint(
            captured_count=self.count,
            answered_count=self.answered,
            damaged_count=self.damaged,
            pts=self.last.pts,
            time_base=Fraction(unit.numerator, unit.denominator),
        )


async def earlier_images(
    engine: TaskEngine, lease: Lease, checked: CheckedRequest
) -> Earlier | None:
    """Returns the images of the attempt that stored the most; None to capture from the first.

    Args:
        engine: The engine that keeps the log.
        lease: The task's lease.
        checked: The task's request.

    Raises:
        DataStoreUnavailable: The log cannot be read, for now.
    """
    parsed, naming = checked.parsed, checked.naming
    one_object = naming is None or naming.one_key
    if not repeats(lease) or one_object or output_of(parsed.kind).files:
        return None
    if not resumes(parsed.spec):
        return None
    most = current = _Stored(0)
    async for event in _events(engine, lease, 0):
        if event.HasField("attempt_started"):
            current = _Stored(event.sequence)
        current.note(event)
        if current.count > most.count:
            most = current
    point = most.point
    if point is None:
        return None

    async def frames() -> AsyncGenerator[FrameCaptured]:
        async for event in _events(engine, lease, most.begin):
            if event.HasField("frame"):
                yield event.frame
                if event.frame.index == point.captured_count:
                    return

    return Earlier(point=point, frames=frames)


def repeats(lease: Lease) -> bool:
    """Returns whether there was an attempt before; one that was handed back has no number."""
    return lease.sequence > FIRST


async def _events(engine: TaskEngine, lease: Lease, after: int) -> AsyncGenerator[CaptureEvent]:
    """Yields the events of the log after a number, up to the present attempt."""
    task = lease.task
    end = lease.sequence
    while after < end:
        page = await engine.events(task.principal, task.task_id, after, limit=PAGE)
        for event in page:
            if event.sequence > end:
                return
            yield event
            after = event.sequence
        if not page:
            return
