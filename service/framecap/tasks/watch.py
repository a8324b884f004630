"""A task's events as they come, from any engine."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from framecap.tasks.engine import TaskEngine
from framecap.v1.event_pb2 import CaptureEvent, CaptureProgress


async def watch(
    engine: TaskEngine, principal: str, task_id: str, after_sequence: int = 0
) -> AsyncGenerator[CaptureEvent]:
    """Yields the events of record after a number, to `finished`; waits for those to come.

    Between them comes the latest progress, each time that it has changed.

    Raises:
        TaskNotFound: The principal has no such task, or it was removed meanwhile.
        DataStoreUnavailable: The events cannot be read, for now.
    """
    shown: CaptureProgress | None = None
    while True:
        task = await engine.get(principal, task_id)
        ended = task.state.ended
        while batch := await engine.events(principal, task_id, after_sequence):
            for event in batch:
                yield event
                after_sequence = event.sequence
                if event.HasField("finished"):
                    # The state read before may be older than the log.
                    return
        # The state was read first: a log that ended before then was read to its end.
        if ended:
            return
        if task.progress is not None and task.progress != shown:
            shown = task.progress
            event = CaptureEvent(progress=shown)
            event.event_time.GetCurrentTime()
            yield event
        await engine.wait_for_events(task_id, after_sequence)
