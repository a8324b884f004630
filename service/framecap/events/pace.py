"""When to tell progress: not too often, and not too seldom."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from framecap.timebase import NANOSECONDS_PER_MILLISECOND
from framecap.v1 import event_pb2
from framecap.v1.event_pb2 import CaptureProgress

PROGRESS_SPACING_MS: Final = 300

# An event of some kind stands in every 10 s; what is left is for telling it.
HEARTBEAT_MS: Final = 8_000


class ProgressThrottle:
    """Thins progress to a few reports a second, and always lets the last one, `DONE`, pass.

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
        """The newest report, told or not: what a heartbeat repeats."""
        return self._latest

    def offer(self, report: CaptureProgress) -> bool:
        """Returns whether `report` is to be told now."""
        self._latest = report
        now = self._clock()
        early = self._passed_at is not None and now - self._passed_at < self._spacing
        if early and report.phase != event_pb2.CAPTURE_PHASE_DONE:
            return False
        self._passed_at = now
        return True


class Heartbeat:
    """Says when a stream has been silent for so long that something must be told.

    Args:
        clock: A monotonic clock, in nanoseconds.
        period_ms: How long a stream may be silent.
    """

    def __init__(
        self, clock: Callable[[], int] = time.monotonic_ns, period_ms: int = HEARTBEAT_MS
    ) -> None:
        self._clock = clock
        self._period = period_ms * NANOSECONDS_PER_MILLISECOND
        self._told_at = clock()

    def told(self) -> None:
        """Notes that an event was told just now."""
        self._told_at = self._clock()

    def due_in_ms(self) -> int:
        """Returns how long the stream may still be silent; 0 when something must be told now."""
        left = self._told_at + self._period - self._clock()
        # Rounded up: a waiter who wakes a little early would find it not due and spin.
        return max(0, -(-left // NANOSECONDS_PER_MILLISECOND))
