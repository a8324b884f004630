"""What a capture has done so far, and what it says of it."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from time import monotonic
from typing import Final

from framecap.media.media import Media
from framecap.model.capture import Damage, Image, Notice, Phase, Progress, Summary
from framecap.model.media import MediaInfo
from framecap.model.spec import CaptureSpec
from framecap.select.shortfall import Outcome, explain, explain_cover, requested_count
from framecap.stopwatch import Stopwatch
from framecap.timebase import NANOSECONDS_PER_SECOND, Pts

PROGRESS_SECONDS: Final = 0.25
"""How often progress is reported while there is any."""


class Ledger:
    """Keeps the counts of one capture.

    Args:
        spec: The request.
        media: The source.
        watch: Knows where the time went.
    """

    def __init__(self, spec: CaptureSpec, media: Media, watch: Stopwatch) -> None:
        self._spec = spec
        self._media = media
        self._watch = watch
        self._reported = monotonic()
        self._answered = 0
        self._damaged = 0
        self.phase = Phase.OPENING
        """What the capture is busy with."""
        self.info: MediaInfo | None = None
        """What the source contains, once known."""
        self.position: Pts | None = None
        """The pts of the last frame seen."""
        self.end: Pts | None = None
        """When the last frame ends, once known."""
        self.captured = 0
        """How many images there are."""
        self.given_up = 0
        """How many ways to the frames were given up for safer ones."""
        self.sampled = 0
        """How many samples were compared, in change selection."""

    def add(self, image: Image) -> Image:
        """Counts an image and returns it."""
        self.captured += 1
        self._answered += image.answered_count
        self._damaged += image.damaged
        return image

    @property
    def end_time(self) -> Fraction | None:
        """The true end in nanoseconds of media time, where it is known."""
        if self.end is None:
            return None
        return self._media.clock.media_time(self.end) * NANOSECONDS_PER_SECOND

    def due(self) -> Iterator[Progress]:
        """Yields progress when it is time for it."""
        if monotonic() - self._reported >= PROGRESS_SECONDS:
            self._reported = monotonic()
            yield self._progress()

    def looks(self) -> Iterator[Notice]:
        """Yields what of the picture's looks cannot be as it was meant."""
        info = self.info
        dolby_vision = None if info is None else info.dolby_vision
        if dolby_vision is not None and dolby_vision.needs_metadata:
            yield Notice(
                reason="DOLBY_VISION_COLOURS",
                message=(
                    f"the video is Dolby Vision profile {dolby_vision.name}, whose colours need its"
                    " metadata; it is not applied, so the images' colours are wrong"
                ),
                metadata={"profile": dolby_vision.name},
            )
        if info is not None and info.alpha_lost:
            yield Notice(
                reason="ALPHA_LOST",
                message="the video has alpha in a layer of its own, which is not decoded: the "
                "images are opaque",
                metadata={},
            )

    def warnings(self) -> Iterator[Notice]:
        """Yields what was wrong with the media, counted."""
        counts = self._media.counts
        for count, reason, words in (
            (counts.repaired, "TIMES_REPAIRED", "frames had no usable presentation time"),
            (counts.undecodable, "PACKETS_UNDECODABLE", "packets could not be decoded"),
            (counts.read_errors, "READ_ERRORS", "times the file could not be read on"),
            (self._damaged, "FRAMES_DAMAGED", "captured frames are damaged"),
        ):
            if count:
                yield Notice(
                    reason=reason, message=f"{count} {words}", metadata={"count": str(count)}
                )

    def summary(self) -> Summary:
        """Returns the result as it stands."""
        counts = self._media.counts
        end_time = self.end_time
        end = None if end_time is None else end_time // 1
        if self._media.cover:
            shortfalls, explanation = explain_cover(self._spec)
        else:
            outcome = Outcome(
                captured=self.captured,
                answered=self._answered,
                sampled=self.sampled,
                end=end,
                undecodable=counts.undecodable,
            )
            shortfalls, explanation = explain(self._spec, outcome)
        return Summary(
            requested_count=requested_count(self._spec),
            captured_count=self.captured,
            shortfalls=shortfalls,
            explanation=explanation,
            damage=Damage(
                damaged=self._damaged,
                undecodable=counts.undecodable,
                repaired_times=counts.repaired,
                read_errors=counts.read_errors,
            ),
            read_bytes=self._media.read_bytes,
            decoded_count=counts.decoded,
            end=end,
            stage_times=dict(self._watch.times),
            seek_repairs=self.given_up + self._media.seek_repairs,
        )

    def _progress(self) -> Progress:
        clock, end = self._media.clock, self.end_time
        claimed = None if self.info is None else self.info.duration
        return Progress(
            phase=self.phase,
            done=0 if self.position is None else max(0, clock.nanoseconds(self.position)),
            total=claimed if end is None else end // 1,
            captured_count=self.captured,
            read_bytes=self._media.read_bytes,
        )
