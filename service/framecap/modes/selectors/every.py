"""The selectors of every frame, or every keyframe, of a range."""

from __future__ import annotations

from framecap.model.capture import Pick, Reason
from framecap.model.media import Frame
from framecap.model.resume import ResumePoint
from framecap.timebase import Clock, Nanoseconds, Pts


class EveryFrameSelector:
    """Picks every frame that is on screen at or after `start` and appears before `end`.

    Args:
        clock: The stream's clock.
        start: The start of the range.
        end: Its end, exclusive; None is the end of the video.
        max_count: The most frames; 0 is no limit.
    """

    reason = Reason.EVERY_FRAME
    sampled = 0
    needs_next = True

    def __init__(
        self, clock: Clock, *, start: Nanoseconds, end: Nanoseconds | None, max_count: int = 0
    ) -> None:
        self._clock = clock
        self._start = start
        self._first = clock.floor(start)
        self._stop = None if end is None else clock.ceil(end)
        self._left: int | None = max_count or None
        self._past_stop = False
        self._begun = False
        self._last: Pts | None = None

    def wanted(self, frame: Frame) -> bool:
        """Returns whether the frame is on screen after the start of the range."""
        return frame.end > self._first

    def offer(self, frame: Frame) -> Pick | None:
        """Returns the frame when it lies in the range."""
        self._past_stop = self._stop is not None and frame.pts >= self._stop
        self._begun = self._begun or frame.end > self._first
        if self.done or not self.wanted(frame):
            return None
        if self._last is not None and frame.pts <= self._last:
            return None
        if self._left is not None:
            self._left -= 1
        return Pick(
            frame=frame,
            reason=self.reason,
            requested_time=max(self._start, self._clock.nanoseconds(frame.pts)),
        )

    def resume(self, point: ResumePoint) -> None:
        """Skips the frames up to the last one that an earlier attempt captured."""
        self._last = point.last(self._clock)
        self._first = max(self._first, self._last + 1)
        if self._left is not None:
            self._left = max(0, self._left - point.captured_count)

    @property
    def next_pts(self) -> Pts | None:
        """The pts at which the range starts; None once a frame of it was offered."""
        return None if self._begun else self._first

    @property
    def done(self) -> bool:
        """True past the range, or when as many frames as allowed were picked."""
        return self._past_stop or self._left == 0


class KeyframeSelector(EveryFrameSelector):
    """Picks every keyframe with a pts in the range; with start 0, every visible keyframe."""

    reason = Reason.KEYFRAME
    needs_next = False

    def wanted(self, frame: Frame) -> bool:
        """Returns whether the frame is a keyframe of the range."""
        return frame.keyframe and (self._start == 0 or frame.pts >= self._clock.ceil(self._start))
