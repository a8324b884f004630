"""The counters of a running capture, and the progress, warnings and summary made from them."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from time import monotonic
from typing import Final

from framecap.media.media import Media
from framecap.model.capture import CaptureWarning, Damage, Image, Phase, Progress, Summary
from framecap.model.media import MediaInfo
from framecap.model.resume import ResumePoint
from framecap.model.spec import CaptureSpec
from framecap.modes.mode import Outcome
from framecap.modes.registry import requested_count
from framecap.modes.shortfall import explain, explain_cover
from framecap.pipeline.progress import Coverage, PassProgress
from framecap.stage_timer import StageTimer
from framecap.timebase import NANOSECONDS_PER_SECOND, Nanoseconds, Pts

PROGRESS_SECONDS: Final = 0.25
"""How often progress is reported while there is any."""


class CaptureStatistics:
    """Counts the work and the results of one capture.

    Args:
        spec: The request.
        media: The source.
        timer: Measures the time of each stage.
        resume: The images that an earlier attempt captured, which are counted; None for none.
    """

    def __init__(
        self,
        spec: CaptureSpec,
        media: Media,
        timer: StageTimer,
        resume: ResumePoint | None = None,
    ) -> None:
        self._spec = spec
        self._media = media
        self._timer = timer
        self._reported = monotonic()
        self._answered = resume.answered_count if resume is not None else 0
        self._damaged = resume.damaged_count if resume is not None else 0
        self.phase = Phase.OPENING
        """The current phase of the capture."""
        self.coverage = Coverage()
        """The range of media time that the current pass has covered."""
        self._passes = PassProgress()
        self._begin: Pts = 0
        self._limit: Nanoseconds | None = None
        self.info: MediaInfo | None = None
        """The description of the source, once known."""
        self.end: Pts | None = None
        """The end of the last frame, once known."""
        self.captured = resume.captured_count if resume is not None else 0
        """The number of images captured."""
        self.abandoned_paths = 0
        """The number of access paths abandoned for safer ones."""
        self.sampled = 0
        """The number of samples compared, in change selection."""

    def add(self, image: Image) -> Image:
        """Counts an image and returns it."""
        self.captured += 1
        self._answered += image.answered_count
        self._damaged += image.damaged
        return image

    @property
    def end_time(self) -> Fraction | None:
        """The true end in nanoseconds of media time; None when not known."""
        if self.end is None:
            return None
        return self._media.clock.media_time(self.end) * NANOSECONDS_PER_SECOND

    def begin_pass(
        self,
        phase: Phase,
        begin: Nanoseconds = 0,
        limit: Nanoseconds | None = None,
        *,
        ahead: int = 0,
    ) -> None:
        """Begins a pass over a range of media time.

        Args:
            phase: The phase of the pass.
            begin: The start of the range.
            limit: The end of the range, exclusive; None for the end of the video.
            ahead: The number of passes over the same range that follow.
        """
        self.phase = phase
        self.coverage.clear()
        self._begin, self._limit = self._media.clock.floor(begin), limit
        length = self._length
        following = 0 if not ahead else None if length is None else ahead * length
        self._passes = self._passes.begun(length, following)

    def begin_measuring(self, begin: Nanoseconds, limit: Nanoseconds | None, *, ahead: int) -> None:
        """Begins the pass that measures the end; it covers the frames decoded for that.

        Args:
            begin: The start of the range of the passes that follow.
            limit: The end of that range, as in `begin_pass`.
            ahead: The number of passes that follow.
        """
        self.begin_pass(Phase.MEASURING, begin, limit, ahead=ahead)
        self._passes = self._passes.expecting(0)
        self._limit = None

    def measured_to(self, end: Pts) -> None:
        """Records the end of a frame that was decoded to measure the end of the video."""
        if self.coverage.head is None or end < self._begin:
            # The tail gave no frame, so the measurement begins again from an earlier position.
            self._begin = end
        self.coverage.head = end

    def end_pass(self, *, complete: bool) -> None:
        """Ends the current pass.

        Args:
            complete: True when the pass went on to the end of its range or of the video; False when
                it stopped early because it had every frame it needs.
        """
        self._passes = self._updated(ahead=False)
        self._passes = self._passes.completed() if complete else self._passes.stopped()
        self.coverage.clear()

    def last(self) -> Iterator[Progress]:
        """Yields the last progress of a capture that succeeded."""
        self._passes = self._passes.begun(0, 0)
        yield self._report(self._passes)

    def due(self) -> Iterator[Progress]:
        """Yields progress when `PROGRESS_SECONDS` have passed since the last report."""
        if monotonic() - self._reported >= PROGRESS_SECONDS:
            self._reported = monotonic()
            self._passes = self._updated(ahead=True)
            yield self._report(self._passes)

    def appearance_warnings(self) -> Iterator[CaptureWarning]:
        """Yields a warning for each property of the video that makes its images look wrong."""
        info = self.info
        dolby_vision = None if info is None else info.dolby_vision
        if dolby_vision is not None and dolby_vision.needs_metadata:
            yield CaptureWarning(
                reason="DOLBY_VISION_COLOURS",
                message=(
                    f"the video is Dolby Vision profile {dolby_vision.name}, whose colours need its"
                    " metadata; it is not applied, so the images' colours are wrong"
                ),
                metadata={"profile": dolby_vision.name},
            )
        if info is not None and info.alpha_lost:
            yield CaptureWarning(
                reason="ALPHA_LOST",
                message="the video has alpha in a layer of its own, which is not decoded: the "
                "images are opaque",
                metadata={},
            )

    def warnings(self) -> Iterator[CaptureWarning]:
        """Yields a warning for each kind of damage in the media, with its count."""
        counts = self._media.counts
        for count, reason, words in (
            (counts.repaired, "TIMES_REPAIRED", "frames had no usable presentation time"),
            (counts.undecodable, "PACKETS_UNDECODABLE", "packets could not be decoded"),
            (counts.read_errors, "READ_ERRORS", "times the file could not be read on"),
            (self._damaged, "FRAMES_DAMAGED", "captured frames are damaged"),
        ):
            if count:
                yield CaptureWarning(
                    reason=reason, message=f"{count} {words}", metadata={"count": str(count)}
                )

    def summary(self) -> Summary:
        """Returns the summary of the capture so far."""
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
            stage_times=dict(self._timer.times),
            seek_repairs=self.abandoned_paths + self._media.seek_repairs,
        )

    @property
    def _length(self) -> Nanoseconds | None:
        """The media time that the current pass is expected to cover; None when not known."""
        end = self.end_time
        claimed = None if self.info is None else self.info.duration
        stops = [self._limit, claimed if end is None else end // 1]
        known = [stop for stop in stops if stop is not None]
        return max(0, min(known) - self._media_time(self._begin)) if known else None

    def _updated(self, *, ahead: bool) -> PassProgress:
        """Returns the progress, updated by the range that the current pass has covered.

        Args:
            ahead: True to count frames that were decoded ahead of their turn.
        """
        # The duration that a container claims is no bound: frames may follow it.
        bounds = [bound for bound in (self._limit, self.end_time) if bound is not None]
        stop = self._media.clock.ceil(min(bounds)) if bounds else None
        ticks = self.coverage.within(self._begin, stop, ahead=ahead)
        covered = ticks * self._media.clock.time_base * NANOSECONDS_PER_SECOND // 1
        if bounds:
            covered = min(covered, max(0, min(bounds) // 1 - self._media_time(self._begin)))
        measuring = self.phase is Phase.MEASURING and self.coverage.head is None
        passes = self._passes if measuring else self._passes.expecting(self._length)
        return passes.covering(covered)

    def _media_time(self, pts: Pts) -> Nanoseconds:
        return max(0, self._media.clock.nanoseconds(pts))

    def _report(self, passes: PassProgress) -> Progress:
        return Progress(
            phase=self.phase,
            done=passes.done,
            total=passes.total,
            captured_count=self.captured,
            read_bytes=self._media.read_bytes,
        )
