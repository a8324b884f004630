"""The pace of progress events: a minimum spacing, and heartbeats in a silent stream."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from framecap.timebase import NANOSECONDS_PER_MILLISECOND
from framecap.v1 import event_pb2
from framecap.v1.event_pb2 import CaptureProgress

PROGRESS_SPACING_MS: Final = 300

# Clients are promised an event every 10 s; the remaining 2 s are for its delivery.
HEARTBEAT_MS: Final = 8_000


class ProgressThrottle:
    """Limits progress to a few reports a second; the last one, `DONE`, always passes.

    Args:
        clock: A monotonic clock, in nanoseconds.
        spacing_ms: The least time between two reports.
    """

    def __init__(
        self,
        clock: Callable[[], int] = time.monotonic_ns,
        spacing_ms: int = PROGRESS_SPACING_MS,
    ) -> None:
        self._clock = clock
        self._spacing = spacing_ms * NANOSECONDS_PER_MILLISECOND
        self._passed_at: int | None = None
        self._latest = CaptureProgress(phase=event_pb2.CAPTURE_PHASE_QUEUED)

    @property
    def latest(self) -> CaptureProgress:
        """The latest report, sent or not; a heartbeat repeats it."""
        return self._latest

    def offer(self, report: CaptureProgress) -> bool:
        """Returns whether to send `report` now."""
        self._latest = report
        now = self._clock()
        early = self._passed_at is not None and now - self._passed_at < self._spacing
        if early and report.phase != event_pb2.CAPTURE_PHASE_DONE:
            return False
        self._passed_at = now
        return True


class Heartbeat:
    """Determines when a silent stream must send an event.

    Args:
        clock: A monotonic clock, in nanoseconds.
        period_ms: The longest time that a stream may be silent.
    """

    def __init__(
        self, clock: Callable[[], int] = time.monotonic_ns, period_ms: int = HEARTBEAT_MS
    ) -> None:
        self._clock = clock
        self._period = period_ms * NANOSECONDS_PER_MILLISECOND
        self._sent_at = clock()

    def event_sent(self) -> None:
        """Starts the period again, because an event was sent just now."""
        self._sent_at = self._clock()

    def due_in_ms(self) -> int:
        """Returns the time until an event must be sent; 0 when it must be sent now."""
        left = self._sent_at + self._period - self._clock()
        # Rounded up: a caller that waits a little too short would find no event due, and spin.
        return max(0, -(-left // NANOSECONDS_PER_MILLISECOND))
