"""Presentation times as the contract wants them: from zero, one after the other.

`zero` is the start of the captured stream, so that the same film has the same times in every
container. Only when another audio or video stream starts more than 100 ms earlier is it that
stream's start: then the picture really is late, as a player shows it. A smaller lead is audio
priming.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from av.audio.codeccontext import AudioCodecContext
from av.stream import Stream

from framecap.media.container import Container
from framecap.media.editlist import FORMAT
from framecap.media.streams import is_cover
from framecap.model.media import StreamStart
from framecap.timebase import Clock, Pts

PRIMING: Final = Fraction(100, 1000)
"""The longest lead of another stream that is not programme time, in seconds."""

_FALLBACK_RATE: Final = Fraction(25)

# Containers whose audio is claimed to start behind the samples that its decoder is to skip.
_CLAIM_WITHOUT_PRIMING: Final = frozenset({"matroska,webm", "ogg"})


def stream_starts(container: Container, first_pts: Pts | None) -> tuple[StreamStart, ...]:
    """Returns when each audio and video stream starts, as far as that is known.

    Args:
        container: The open container.
        first_pts: The first frame's pts; None while that is not known.
    """
    return tuple(
        StreamStart(index=stream.index, kind=stream.type, start=start * stream.time_base)
        for stream in container.native.streams
        if stream.type in ("audio", "video")
        and not is_cover(stream)
        and stream.time_base is not None
        and (start := _start(container, stream, first_pts)) is not None
    )


def clock_of(container: Container, first_pts: Pts | None) -> Clock:
    """Returns the clock of the captured stream.

    Args:
        container: The open container.
        first_pts: The first frame's pts; None while that is not known.
    """
    if container.cover:
        return Clock(time_base=container.time_base, zero=Fraction(0))
    if container.untimed:
        return Clock(time_base=1 / (container.frame_rate or _FALLBACK_RATE), zero=Fraction(0))
    starts = {start.index: start.start for start in stream_starts(container, first_pts)}
    own = starts.pop(container.stream.index, Fraction(0))
    leading = {index for index, start in starts.items() if own - start > PRIMING}
    # Programs are looked up only where they matter.
    earlier = [starts[index] for index in leading & container.program] if leading else []
    return Clock(time_base=container.time_base, zero=min(earlier, default=own))


def _start(container: Container, stream: Stream, first_pts: Pts | None) -> Pts | None:
    """Returns when a stream starts, in its own unit; None where nothing tells.

    A container may claim a later start than the first frame it shows: cameras do, and whatever is
    cut at a keyframe with leading pictures. Of an edit list that is no claim but what hides frames.
    """
    claimed: Pts | None = stream.start_time
    if stream.type == "audio":
        return _first_audio_pts(container, stream)
    if stream is not container.stream or first_pts is None:
        return claimed
    if claimed is None:
        return first_pts
    if first_pts < claimed and container.edits.present:
        return claimed
    return min(claimed, first_pts)


def _first_audio_pts(container: Container, stream: Stream) -> Pts | None:
    """Returns the pts of an audio stream's first packet.

    What a decoder is to skip of it counts; a packet that an edit list hides does not.
    """
    claimed: Pts | None = stream.start_time
    name = container.native.format.name
    if claimed is None:
        return None
    if name == FORMAT:
        shown = (entry.timestamp for entry in stream.index_entries if not entry.is_discard)
        return min(claimed, next(shown, claimed))
    context = stream.codec_context
    if name in _CLAIM_WITHOUT_PRIMING and isinstance(context, AudioCodecContext):
        skipped = Fraction(context.delay, context.sample_rate or 1) / (stream.time_base or 1)
        return claimed - int(skipped + Fraction(1, 2))
    return claimed


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
