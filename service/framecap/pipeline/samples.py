"""Work on each frame before the selector sees it: hashing, rendering, encoding, in any thread.

For most selections it is known as soon as a frame is decoded that the selector takes it: its image
is made at once and its picture is released. Where the choice depends on earlier frames, the picture
is kept until the choice.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial
from typing import Any, Final, cast

from framecap.media.pictures.decoded import frame_bytes
from framecap.model.media import Confirmation, Frame
from framecap.model.spec import CaptureSpec
from framecap.model.wanted import Wanted
from framecap.modes.registry import keyframes_only, mode_of
from framecap.pipeline.imaging import Encoded, Imaging
from framecap.pipeline.progress import Coverage, SegmentProgress
from framecap.stage_timer import StageTimer

SMALL: Final = 256
"""The approximate size in bytes of a frame without its picture."""


class Fate(Enum):
    """The treatment of a decoded frame before the choice."""

    ENCODED = "encoded"
    """Its image is made: the selector takes it surely, or probably."""

    KEPT = "kept"
    """Its picture is kept until the choice."""

    RELEASED = "released"
    """Its picture is released: the selector does not take it, or it is decoded again."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sample:
    """A decoded frame, ready for the choice."""

    frame: Frame
    """The frame; without its picture once that is released."""

    fate: Fate
    """The treatment of the frame before the choice."""

    feature: Any | None = None
    """The feature that the choice compares; None if it compares none."""

    encoded: Encoded | None = None
    """Its image, once made."""


class Sampling:
    """Makes samples of frames, for one pass.

    Args:
        spec: The request.
        imaging: Makes images.
        timer: Measures the time that decoding takes.
        wanted: The frames that the choice takes, or takes as samples.
        coverage: Records how far each segment is decoded.
        ranking: True in the first of two passes, which only compares samples.
        ranked: True in the second, which decodes the ranked samples again.
    """

    def __init__(
        self,
        spec: CaptureSpec,
        imaging: Imaging,
        timer: StageTimer,
        wanted: Wanted,
        *,
        coverage: Coverage,
        ranking: bool = False,
        ranked: bool = False,
    ) -> None:
        self._imaging = imaging
        self._timer = timer
        self._wanted = wanted
        self._coverage = coverage
        # A keyframe is on screen until the next one, so `wanted` cannot decide here.
        self._keyframes = keyframes_only(spec)
        self._comparison = None
        if not ranked:
            self._comparison = mode_of(spec.selection).comparison(spec.selection)
        self._fate = Fate.ENCODED
        if ranking:
            self._fate = Fate.RELEASED
        elif spec.nearest_keyframe or (
            self._comparison is not None and self._comparison.since_captured
        ):
            self._fate = Fate.KEPT

    def segments(
        self, segments: Iterator[Callable[[], Iterator[Frame | None]]]
    ) -> Iterator[Callable[[], Iterator[Sample | None]]]:
        """Yields a segment of samples for each segment of frames."""
        for segment in segments:
            yield partial(self._along, segment, self._coverage.add_segment())

    def work(self, sample: Sample) -> Sample:
        """Returns a sample after all the work that is possible before the choice."""
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
        """Returns the hash of a sample if the choice needed it."""
        if self._comparison is None or self._comparison.measure is not None:
            return None
        return cast("int | None", sample.feature)

    def size(self, sample: Sample) -> int:
        """Returns the approximate size of a sample in bytes."""
        feature = sys.getsizeof(sample.feature)
        if sample.encoded is not None:
            return len(sample.encoded.data) + feature
        return feature + (SMALL if sample.frame.native is None else frame_bytes(sample.frame))

    @staticmethod
    def confirmation(sample: Sample) -> Confirmation:
        """Returns the confirmation of a sample."""
        return sample.frame.confirmation

    def _along(
        self, segment: Callable[[], Iterator[Frame | None]], progress: SegmentProgress
    ) -> Iterator[Sample | None]:
        comparison = self._comparison
        previous: Any | None = None
        first = True

        def sampled(frame: Frame | None) -> Sample | None:
            nonlocal previous, first
            if frame is None:
                return None
            if progress.begin is None:
                progress.begin = frame.pts
            progress.end = frame.end
            taken = self._takes(frame)
            if not (taken or first):
                return Sample(frame=replace(frame, native=None), fate=Fate.RELEASED)
            # The first frame of a complete decode also answers earlier instants, and damage may
            # make it another frame than the one the probe found.
            first = False
            fate = self._fate if taken else Fate.KEPT
            if comparison is None:
                return Sample(frame=frame, fate=fate)
            feature = self._imaging.feature(frame, comparison.measure)
            if taken:
                if fate is Fate.ENCODED and previous is not None:
                    score = comparison.score(feature, previous)
                    fate = fate if comparison.passes(score) else Fate.RELEASED
                previous = feature
            return Sample(frame=frame, fate=fate, feature=feature)

        # A local variable that names a frame would keep its picture alive while this waits.
        yield from map(sampled, self._timer.each("decode", segment()))
        progress.over = True

    def _takes(self, frame: Frame) -> bool:
        if self._keyframes:
            return frame.keyframe
        return self._wanted.holds(frame.pts, frame.end)


class Features:
    """Holds the sample on offer, and answers its feature."""

    sample: Sample

    def of(self, frame: Frame) -> Any:
        """Returns the feature of a frame, which is the sample on offer."""
        sample = self.sample
        assert sample.frame is frame and sample.feature is not None, "compared samples have one"
        return sample.feature
