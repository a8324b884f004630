"""Media time done and total, summed over the passes of a capture.

A pass goes once over a range of media time: to measure the end, to hash samples, to make images.
What is done never falls. The total follows what is known: it shrinks when a pass stops early and
when the video proves shorter than its container claims, and grows when it proves longer. At the end
of a success the two are equal.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

from framecap.timebase import Nanoseconds, Pts


@dataclass(frozen=True, slots=True, kw_only=True)
class PassProgress:
    """The passes of a capture, and how far they are."""

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
        """Media time in total, never less than what is done; None when not known."""
        if self.length is None or self.ahead is None:
            return None
        return self.ended + max(self.length, self.covered) + self.ahead

    def begun(self, length: Nanoseconds | None, ahead: Nanoseconds | None) -> PassProgress:
        """Returns the progress at the begin of another pass; the current one ends as it is."""
        return PassProgress(ended=self.done, length=length, ahead=ahead)

    def expecting(self, length: Nanoseconds | None) -> PassProgress:
        """Returns the same progress of a current pass of another length."""
        return replace(self, length=length)

    def reached(self, covered: Nanoseconds) -> PassProgress:
        """Returns the progress with so much of the current pass done, or more if it was more."""
        return replace(self, covered=max(self.covered, covered))

    def stopped(self) -> PassProgress:
        """Returns the progress once the current pass ended before its expected end."""
        return self.begun(0, self.ahead)

    def completed(self) -> PassProgress:
        """Returns the progress once the current pass went on to its end."""
        return self.reached(self.length or 0).stopped()


class SegmentProgress:
    """How far one lane has come. Written by the thread that steps it, read by another."""

    __slots__ = ("begin", "end", "over")

    def __init__(self) -> None:
        self.begin: Pts | None = None
        """The pts of its first frame."""
        self.end: Pts = 0
        """When its last frame so far ends."""
        self.over = False
        """True when it gives no more frames."""


class Coverage:
    """Which part of a range the lanes of one pass have covered, those ahead of their turn too."""

    def __init__(self) -> None:
        self._segments: list[SegmentProgress] = []
        self.head: Pts | None = None
        """When the last frame that was offered to the selector ends; all before it is done."""

    def advance(self) -> SegmentProgress:
        """Returns the segment of the next lane."""
        advance = SegmentProgress()
        self._segments.append(advance)
        return advance

    def clear(self) -> None:
        """Forgets all, for lanes that begin anew."""
        self._segments.clear()
        self.head = None

    def within(self, begin: Pts, stop: Pts | None, *, ahead: bool = True) -> Pts:
        """Returns how much of [begin, stop) is covered.

        Args:
            begin: The begin of the range.
            stop: Its end, exclusive; None is no end.
            ahead: False to count only what was offered.
        """
        head = begin if self.head is None else self.head
        spans = [(begin, head)]
        if ahead:
            self._drop_before(head)
            segments = self._segments
            for position, advance in enumerate(segments):
                if advance.begin is None:
                    continue
                end = advance.end
                if advance.over and position + 1 < len(segments):
                    # What lies between two lanes is passed over.
                    end = max(end, segments[position + 1].begin or end)
                spans.append((advance.begin, end))
        covered = 0
        for first, last in spans:
            last = last if stop is None else min(last, stop)
            covered += max(0, last - max(first, begin))
            begin = max(begin, last)
        return covered

    def _drop_before(self, head: Pts) -> None:
        """Forgets the segments before the one that covers `head`."""
        behind = 0
        for advance, following in pairwise(self._segments):
            if not advance.over or following.begin is None or following.begin > head:
                break
            behind += 1
        # In place: another thread may add a segment meanwhile.
        del self._segments[:behind]
