"""Presentation times as the contract wants them: from zero, one after the other.

`zero` is the start of the captured stream, so that the same film has the same times in every
container. Only when another audio or video stream starts more than 100 ms earlier is it that
stream's start: then the picture really is late, as a player shows it. A smaller lead is audio
priming.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from framecap.media.container import Container
from framecap.media.streams import is_cover
from framecap.model.media import StreamStart
from framecap.timebase import Clock, Pts

PRIMING: Final = Fraction(100, 1000)
"""The longest lead of another stream that is not programme time, in seconds."""

_FALLBACK_RATE: Final = Fraction(25)


def stream_starts(container: Container) -> tuple[StreamStart, ...]:
    """Returns when each audio and video stream starts, as far as the container says."""
    return tuple(
        StreamStart(
            index=stream.index,
            kind=stream.type,
            start=Fraction(stream.start_time) * stream.time_base,
        )
        for stream in container.native.streams
        if stream.type in ("audio", "video")
        and not is_cover(stream)
        and stream.start_time is not None
        and stream.time_base is not None
    )


def clock_of(container: Container, first_pts: Pts | None) -> Clock:
    """Returns the clock of the captured stream.

    Args:
        container: The open container.
        first_pts: The first frame's pts, for streams whose container does not say their start.
    """
    if container.cover:
        return Clock(time_base=container.time_base, zero=Fraction(0))
    if container.untimed:
        return Clock(time_base=1 / (container.frame_rate or _FALLBACK_RATE), zero=Fraction(0))
    starts = {start.index: start.start for start in stream_starts(container)}
    own = starts.pop(container.stream.index, None)
    if own is None:
        own = (first_pts or 0) * container.time_base
    earliest = min(starts.values(), default=own)
    zero = earliest if own - earliest > PRIMING else own
    return Clock(time_base=container.time_base, zero=zero)


class Timeline:
    """Gives each frame its pts, in display order.

    Containers without presentation times number their frames; elsewhere a missing pts, or one
    not after its predecessor, becomes the predecessor's plus its duration.

    Args:
        container: The open container.
    """

    def __init__(self, container: Container) -> None:
        rate = container.frame_rate or _FALLBACK_RATE
        self._untimed = container.untimed
        self._nominal: Pts = (
            1 if self._untimed else max(1, int(1 / rate / container.time_base + Fraction(1, 2)))
        )
        self._start: Pts = container.stream.start_time or 0
        self._previous: Pts | None = None
        self._gap: Pts = 0
        self._duration: Pts = 0
        self.repaired = 0
        """How many frames had no pts, or one that stepped back."""

    def place(self, pts: Pts | None, duration: Pts) -> Pts:
        """Returns the pts of the next frame.

        Args:
            pts: As the decoder gives it.
            duration: As the decoder gives it; 0 when it gives none.
        """
        previous = self._previous
        if self._untimed:
            placed = 0 if previous is None else previous + 1
        elif previous is None:
            placed = self._start if pts is None else pts
            self.repaired += pts is None
        elif pts is None or pts <= previous:
            placed = self.end
            self.repaired += 1
        else:
            placed = pts
        if previous is not None:
            self._gap = placed - previous
        self._previous = placed
        self._duration = 0 if self._untimed else max(0, duration)
        return placed

    @property
    def end_is_certain(self) -> bool:
        """True when `end` follows from the frames placed, not from the container's claims."""
        return self.repaired == 0 and bool(self._duration or self._gap)

    @property
    def end(self) -> Pts:
        """When the last frame ends, should no other follow.

        Its pts plus its duration; without one, plus the gap before it; for a single frame, plus
        one frame at the nominal rate.
        """
        assert self._previous is not None, "no frame was placed yet"
        return self._previous + (self._duration or self._gap or self._nominal)
