"""Assigns presentation times that start at zero and increase from frame to frame.

`zero` is the start of the captured stream, so that the same film has the same times in every
container. If another audio or video stream starts more than 100 ms earlier, `zero` is that stream's
start: then the picture really is late, as a player shows it. A smaller lead is audio priming.
"""

from __future__ import annotations

from fractions import Fraction
from math import gcd
from typing import Final

from av.audio.codeccontext import AudioCodecContext
from av.stream import Stream

from framecap.media.containers.container import Container
from framecap.media.containers.formats import MATROSKA, MP4
from framecap.media.containers.streams import is_cover
from framecap.model.media import StreamStart
from framecap.timebase import Clock, Pts

NEVER_GUESSED: Final[Pts] = -(1 << 62)
"""Before all frames: every duration is the stream's own."""

PRIMING: Final = Fraction(100, 1000)
"""The longest lead of another stream that is not programme time, in seconds."""

_FALLBACK_RATE: Final = Fraction(25)

_LATE: Final = 1
"""The most that a late frame lies before the last one on screen, in seconds."""

# Containers whose claimed start of audio excludes the priming samples that its decoder skips.
_CLAIM_WITHOUT_PRIMING: Final = frozenset({MATROSKA, "ogg"})


def stream_starts(container: Container, first_pts: Pts | None) -> tuple[StreamStart, ...]:
    """Returns the start of each audio and video stream whose start is known.

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
        return Clock(time_base=_unit(container), zero=Fraction(0))
    starts = {start.index: start.start for start in stream_starts(container, first_pts)}
    own = starts.pop(container.stream.index, Fraction(0))
    leading = {index for index, start in starts.items() if own - start > PRIMING}
    # Programs are read only when needed: they cost a dump of the container.
    earlier = [starts[index] for index in leading & container.program] if leading else []
    return Clock(time_base=container.time_base, zero=min(earlier, default=own))


def _start(container: Container, stream: Stream, first_pts: Pts | None) -> Pts | None:
    """Returns the start of a stream in its own unit; None when not known.

    A container may claim a later start than its first shown frame: cameras write such files, and
    so do cuts at a keyframe with leading pictures. The start that an edit list states is no such
    claim: the list hides the frames before it.
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

    Samples that the decoder skips count; a packet that an edit list hides does not.
    """
    claimed: Pts | None = stream.start_time
    name = container.native.format.name
    if claimed is None:
        return None
    if name == MP4:
        shown = (entry.timestamp for entry in stream.index_entries if not entry.is_discard)
        return min(claimed, next(shown, claimed))
    context = stream.codec_context
    if name in _CLAIM_WITHOUT_PRIMING and isinstance(context, AudioCodecContext):
        skipped = Fraction(context.delay, context.sample_rate or 1) / (stream.time_base or 1)
        return claimed - int(skipped + Fraction(1, 2))
    return claimed


def _unit(container: Container) -> Fraction:
    """Returns the unit of assigned times, in seconds.

    For raw streams, the library's durations and the nominal one are both whole numbers of it.
    """
    unit = container.time_base
    if container.counts_chunks or not container.untimed:
        return unit
    nominal = 1 / (container.nominal_rate or _FALLBACK_RATE)
    return Fraction(
        gcd(unit.numerator * nominal.denominator, nominal.numerator * unit.denominator),
        unit.denominator * nominal.denominator,
    )


class Timeline:
    """Gives each frame its pts, in display order.

    Frames of raw streams follow one another from 0; in other streams a missing pts becomes the end
    of the frame before it. A frame at most a second before the last one on screen is late and not
    shown. If times fall back further, a recording was appended: this frame and all later ones are
    shifted so that it follows its predecessor.

    Args:
        container: The open container.
        durations_from: The pts from which durations count; None for none. When a stream has no
            durations and decoding does not begin at its start, the library guesses some.
    """

    def __init__(self, container: Container, *, durations_from: Pts | None = NEVER_GUESSED) -> None:
        unit = _unit(container)
        rate = container.nominal_rate or _FALLBACK_RATE
        self._raw = container.untimed and not container.counts_chunks
        self._scale = int(container.time_base / unit)
        self._nominal: Pts = max(1, int(1 / rate / unit + Fraction(1, 2)))
        self._late = int(_LATE / unit)
        self._durations_from = durations_from
        self._start: Pts = 0 if container.untimed else container.stream.start_time or 0
        self._moved: Pts = 0
        self._previous: Pts | None = None
        self._on_screen = False
        self._gap: Pts = 0
        self._duration: Pts = 0
        self.repaired = 0
        """Frames whose pts was missing, not after the one before it, or fell back."""

    def assign(self, pts: Pts | None, duration: Pts) -> Pts | None:
        """Returns the pts of the next frame; None when it is late.

        A frame with the pts of its predecessor replaces it: the predecessor is shown for no time.

        Args:
            pts: The decoder's pts; None when it gives none.
            duration: The decoder's duration; 0 when it gives none.
        """
        assigned = self._next_pts(pts)
        self._on_screen = assigned is not None
        if assigned is None:
            return None
        if self._previous is not None and assigned > self._previous:
            self._gap = assigned - self._previous
        self._previous = assigned
        counts = self._durations_from is not None and assigned - self._moved >= self._durations_from
        self._duration = max(0, duration) * self._scale if counts or self._raw else 0
        return assigned

    def _next_pts(self, pts: Pts | None) -> Pts | None:
        previous = self._previous
        if self._raw:
            return 0 if previous is None else self.end
        if pts is None:
            self.repaired += 1
            return self._start if previous is None else self.end
        moved = pts + self._moved
        if previous is None or moved > previous:
            return moved
        self.repaired += 1
        if moved < previous - self._late:
            self._moved = self.end - pts
            return self.end
        return moved if moved == previous and self._on_screen else None

    @property
    def end_is_certain(self) -> bool:
        """True when `end` follows from the frames, not from the container's claimed rate."""
        return self.repaired == 0 and bool(self._duration or self._gap)

    @property
    def end(self) -> Pts:
        """The end of the last frame, if no other follows.

        Its pts plus its duration; without one, plus the gap before it; for a single frame, plus
        one frame at the nominal rate.
        """
        assert self._previous is not None, "no frame has a pts yet"
        if self._raw:
            return self._previous + (self._duration or self._nominal)
        return self._previous + (self._duration or self._gap or self._nominal)
