"""Media time done and total, summed over the passes of a capture.

A pass goes once over a range of media time: to measure the end, to hash samples, to make images.
Time done never falls. The total follows the facts as they become known: it shrinks when a pass
stops early or the video is shorter than its container claims, and grows when the video is longer.
At the end of a capture that succeeded the two are equal.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

from framecap.timebase import Nanoseconds, Pts


@dataclass(frozen=True, slots=True, kw_only=True)
class PassProgress:
    """The progress of a capture, summed over its passes."""

    ended: Nanoseconds = 0
    """Media time of the passes that ended."""

    covered: Nanoseconds = 0
    """Media time done in the current pass."""

    length: Nanoseconds | None = 0
    """Media time that the current pass is expected to cover; None when not known."""

    ahead: Nanoseconds | None = 0
    """Media time that the passes after the current one are expected to cover; None likewise."""

    @property
    def done(self) -> Nanoseconds:
        """Media time done."""
        return self.ended + self.covered

    @property
    def total(self) -> Nanoseconds | None:
        """Media time in total, never less than `done`; None when not known."""
        if self.length is None or self.ahead is None:
            return None
        return self.ended + max(self.length, self.covered) + self.ahead

    def begun(self, length: Nanoseconds | None, ahead: Nanoseconds | None) -> PassProgress:
        """Returns the progress at the start of another pass; the current one ends as it is."""
        return PassProgress(ended=self.done, length=length, ahead=ahead)

    def expecting(self, length: Nanoseconds | None) -> PassProgress:
        """Returns the same progress with another expected length of the current pass."""
        return replace(self, length=length)

    def covering(self, covered: Nanoseconds) -> PassProgress:
        """Returns the progress with `covered` of the current pass done; it never falls."""
        return replace(self, covered=max(self.covered, covered))

    def stopped(self) -> PassProgress:
        """Returns the progress once the current pass ended before its expected end."""
        return self.begun(0, self.ahead)

    def completed(self) -> PassProgress:
        """Returns the progress once the current pass went on to its end."""
        return self.covering(self.length or 0).stopped()


class SegmentProgress:
    """The range that one segment has decoded. Written by its worker, read by another thread."""

    __slots__ = ("begin", "end", "over")

    def __init__(self) -> None:
        self.begin: Pts | None = None
        """The pts of its first frame."""
        self.end: Pts = 0
        """The end of its last frame so far."""
        self.over = False
        """True once it has no more frames."""


class Coverage:
    """The range that the segments of one pass have decoded, those ahead of their turn included."""

    def __init__(self) -> None:
        self._segments: list[SegmentProgress] = []
        self.head: Pts | None = None
        """The end of the last frame offered to the selector; all media time before it is done."""

    def add_segment(self) -> SegmentProgress:
        """Returns the progress of the next segment."""
        progress = SegmentProgress()
        self._segments.append(progress)
        return progress

    def clear(self) -> None:
        """Forgets all segments, because decoding starts again."""
        self._segments.clear()
        self.head = None

    def within(self, begin: Pts, stop: Pts | None, *, ahead: bool = True) -> Pts:
        """Returns how much of [begin, stop) is covered.

        Args:
            begin: The start of the range.
            stop: Its end, exclusive; None is no end.
            ahead: False to count only frames that were offered to the selector.
        """
        head = begin if self.head is None else self.head
        spans = [(begin, head)]
        if ahead:
            self._drop_before(head)
            segments = self._segments
            for position, segment in enumerate(segments):
                if segment.begin is None:
                    continue
                end = segment.end
                if segment.over and position + 1 < len(segments):
                    # Frames between two segments are skipped, so they count as covered.
                    end = max(end, segments[position + 1].begin or end)
                spans.append((segment.begin, end))
        covered = 0
        for first, last in spans:
            last = last if stop is None else min(last, stop)
            covered += max(0, last - max(first, begin))
            begin = max(begin, last)
        return covered

    def _drop_before(self, head: Pts) -> None:
        """Forgets the segments before the one that covers `head`."""
        behind = 0
        for segment, following in pairwise(self._segments):
            if not segment.over or following.begin is None or following.begin > head:
                break
            behind += 1
        # The list is changed, not replaced: another thread may append to it meanwhile.
        del self._segments[:behind]
