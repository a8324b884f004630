"""The frame on screen at each instant of a grid."""

from __future__ import annotations

from framecap.model.capture import Pick, Reason
from framecap.model.grid import Grid
from framecap.model.media import Frame
from framecap.model.resume import ResumePoint
from framecap.timebase import NANOSECONDS_PER_SECOND, Clock, Pts


class InstantSelector:
    """Picks the frame on screen at each instant; a frame that answers several is picked once.

    An instant before the first frame is answered by the first frame.

    Args:
        grid: The instants.
        clock: The stream's clock.
        max_count: The most frames; 0 is no limit.
    """

    sampled = 0
    needs_next = True

    def __init__(self, grid: Grid, clock: Clock, *, max_count: int = 0) -> None:
        self._grid = grid
        self._clock = clock
        self._left: int | None = max_count or None
        self._answered = 0
        self._next: Pts | None = self._find_next()

    def offer(self, frame: Frame) -> Pick | None:
        """Returns the frame when it is on screen at an instant that no frame has answered yet."""
        if self._next is None or frame.end <= self._next or self._left == 0:
            return None
        first = self._answered
        end = self._clock.media_time(frame.end) * NANOSECONDS_PER_SECOND
        self._answered = self._grid.before(end)
        self._next = self._find_next()
        if self._left is not None:
            self._left -= 1
        return Pick(
            frame=frame,
            reason=Reason.INSTANT,
            requested_time=self._grid.at(first) // 1,
            answered_count=self._answered - first,
        )

    def resume(self, point: ResumePoint) -> None:
        """Takes the instants that an earlier attempt's frames answer as answered."""
        self._answered = point.answered_count
        self._next = self._find_next()
        if self._left is not None:
            self._left = max(0, self._left - point.captured_count)

    @property
    def next_pts(self) -> Pts | None:
        """The last pts at or before the next instant."""
        return self._next

    @property
    def done(self) -> bool:
        """True when every instant is answered, or as many frames as allowed were picked."""
        return self._next is None or self._left == 0

    def _find_next(self) -> Pts | None:
        """Returns the last pts at or before the next instant; None when there is none."""
        count = self._grid.count
        if count is not None and self._answered >= count:
            return None
        return self._clock.floor(self._grid.at(self._answered))
