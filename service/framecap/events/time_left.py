"""Estimates the time left of a capture."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from framecap.timebase import NANOSECONDS_PER_SECOND, Nanoseconds
from framecap.v1 import event_pb2
from framecap.v1.event_pb2 import CaptureProgress

LEAST_ELAPSED: Final = 2 * NANOSECONDS_PER_SECOND
LEAST_SHARE: Final = 50
"""The time left is estimated once 1/LEAST_SHARE of the total is done."""


class TimeLeft:
    """Estimates the time left from the pace so far, once that is stable.

    Args:
        clock: A monotonic clock, in nanoseconds.
    """

    def __init__(self, clock: Callable[[], int] = time.monotonic_ns) -> None:
        self._clock = clock
        self._phase = event_pb2.CAPTURE_PHASE_UNSPECIFIED
        self._began = 0
        self._began_at: Nanoseconds = 0

    def estimate(self, report: CaptureProgress) -> Nanoseconds | None:
        """Returns the time left at the pace of the report's phase; None while that is unknown."""
        now, done = self._clock(), report.done.ToNanoseconds()
        if report.phase != self._phase or done < self._began_at:
            self._phase, self._began, self._began_at = report.phase, now, done
        total = report.total.ToNanoseconds()
        elapsed, covered = now - self._began, done - self._began_at
        if elapsed < LEAST_ELAPSED or covered <= 0 or covered * LEAST_SHARE < total:
            return None
        return elapsed * (total - done) // covered if total >= done else None
