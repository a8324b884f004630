"""What is done with each frame before it is chosen: hashing, pixels, encoding, in any thread.

Most selections are known to take a frame as soon as it is decoded: its image is made at once, and
the picture let go. Where the choice depends on what came before, the picture waits for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial
from typing import Any, Final, cast

from framecap.media.decoded import frame_bytes
from framecap.model.media import Confirmation, Frame
from framecap.model.spec import CaptureSpec
from framecap.model.wanted import Wanted
from framecap.modes.registry import keyframes_only, mode_of
from framecap.pipeline.imaging import Encoded, Imaging
from framecap.pipeline.progress import Coverage, SegmentProgress
from framecap.stage_timer import StageTimer

SMALL: Final = 256
"""About how many bytes the facts of a frame hold."""


class Fate(Enum):
    """What becomes of a frame before the choice."""

    ENCODED = "encoded"
    """Its image is made: it is sure to be taken, or likely enough."""

    KEPT = "kept"
    """Its picture is kept until the choice."""

    LET_GO = "let go"
    """Only facts stay: it is sure not to be taken, or decoded again if it is."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sample:
    """A frame on its way to the choice."""

    frame: Frame
    """The frame; without its picture once that was let go."""

    fate: Fate
    """What becomes of it."""

    feature: Any | None = None
    """What the choice compares; None where nothing is compared."""

    encoded: Encoded | None = None
    """Its image, once made."""


class Sampling:
    """Makes samples of frames, for one reading.

    Args:
        spec: The request.
        imaging: Makes images.
        watch: Counts the time that decoding takes.
        wanted: Which frames the choice takes, or takes as samples.
        coverage: Is kept informed of how far each lane has come.
        ranking: True when samples are only compared, to be decoded again.
        ranked: True when they are those decoded again.
    """

    def __init__(
        self,
        spec: CaptureSpec,
        imaging: Imaging,
        watch: StageTimer,
        wanted: Wanted,
        *,
        coverage: Coverage,
        ranking: bool = False,
        ranked: bool = False,
    ) -> None:
        self._imaging = imaging
        self._watch = watch
        self._wanted = wanted
        self._coverage = coverage
        # Of keyframes alone, only the next one tells whether one shows an instant.
        self._keyframes = keyframes_only(spec)
        self._comparison = None
        if not ranked:
            self._comparison = mode_of(spec.selection).comparison(spec.selection)
        self._fate = Fate.ENCODED
        if ranking:
            self._fate = Fate.LET_GO
        elif spec.nearest_keyframe or (
            self._comparison is not None and self._comparison.since_captured
        ):
            self._fate = Fate.KEPT

    def segments(
        self, segments: Iterator[Callable[[], Iterator[Frame | None]]]
    ) -> Iterator[Callable[[], Iterator[Sample | None]]]:
        """Yields lanes of samples in place of lanes of frames."""
        for segment in segments:
            yield partial(self._along, segment, self._coverage.advance())

    def work(self, sample: Sample) -> Sample:
        """Returns a sample with all that can be done before the choice."""
        if sample.fate is Fate.KEPT:
            return sample
        encoded = None
        if sample.fate is Fate.ENCODED:
            encoded = self._imaging.encoded(sample.frame, dhash=self._dhash(sample))
        return replace(sample, frame=replace(sample.frame, native=None), encoded=encoded)

    def encoded(self, sample: Sample) -> Encoded:
        """Returns the image of a sample that was chosen."""
        if sample.encoded is not None:
            return sample.encoded
        return self._imaging.encoded(sample.frame, dhash=self._dhash(sample))

    def _dhash(self, sample: Sample) -> int | None:
        """Returns the hash of a sample where the choice needed it."""
        if self._comparison is None or self._comparison.measure is not None:
            return None
        return cast("int | None", sample.feature)

    def size(self, sample: Sample) -> int:
        """Returns about how many bytes a sample holds."""
        if sample.encoded is not None:
            return len(sample.encoded.data)
        return SMALL if sample.frame.native is None else frame_bytes(sample.frame)

    @staticmethod
    def confirmation(sample: Sample) -> Confirmation:
        """Returns whether a sample is certain."""
        return sample.frame.confirmation

    def _along(
        self, segment: Callable[[], Iterator[Frame | None]], advance: SegmentProgress
    ) -> Iterator[Sample | None]:
        comparison = self._comparison
        previous: Any | None = None
        first = True

        def sampled(frame: Frame | None) -> Sample | None:
            nonlocal previous, first
            if frame is None:
                return None
            if advance.begin is None:
                advance.begin = frame.pts
            advance.end = frame.end
            taken = self._takes(frame)
            if not (taken or first):
                return Sample(frame=replace(frame, native=None), fate=Fate.LET_GO)
            # The first frame of a whole decoding also shows what lies before it, and damage may
            # have made it another one than was found at first.
            first = False
            fate = self._fate if taken else Fate.KEPT
            if comparison is None:
                return Sample(frame=frame, fate=fate)
            feature = self._imaging.feature(frame, comparison.measure)
            if taken:
                if fate is Fate.ENCODED and previous is not None:
                    score = comparison.score(feature, previous)
                    fate = fate if comparison.passes(score) else Fate.LET_GO
                previous = feature
            return Sample(frame=frame, fate=fate, feature=feature)

        # No variable here names a frame while this waits, which would keep its picture.
        yield from map(sampled, self._watch.each("decode", segment()))
        advance.over = True

    def _takes(self, frame: Frame) -> bool:
        if self._keyframes:
            return frame.keyframe
        return self._wanted.holds(frame.pts, frame.end)


class Features:
    """Knows the feature of the sample on offer."""

    sample: Sample

    def of(self, frame: Frame) -> Any:
        """Returns the feature of a frame, which is the sample's."""
        sample = self.sample
        assert sample.frame is frame and sample.feature is not None, "compared samples have one"
        return sample.feature
