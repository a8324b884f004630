"""Samples compared with one another, and chosen by their scores.

Another selector chooses the samples; each is scored against its reference. With a limit the samples
are ranked in a first pass and picked in a second one, so that no unused image is encoded.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from heapq import heappush, heappushpop
from typing import Any

from framecap.model.capture import Pick, Reason
from framecap.model.lease import Lease
from framecap.model.media import Frame
from framecap.model.resume import ResumePoint
from framecap.modes.features import Comparison, FeatureOf
from framecap.modes.selectors.selector import Selector
from framecap.timebase import Pts


class ComparedSelector:
    """Picks the samples whose score passes.

    The first sample has no reference; the comparison says whether it always passes.

    Args:
        samples: Chooses the samples.
        feature_of: Returns the feature of a frame.
        comparison: The comparison of features.
    """

    def __init__(self, samples: Selector, feature_of: FeatureOf, comparison: Comparison) -> None:
        self._samples = samples
        self._feature_of = feature_of
        self._comparison = comparison
        self._reference: Any | None = None
        self.sampled = 0
        """The number of samples compared."""

    def offer(self, frame: Frame) -> Pick | None:
        """Returns the frame when it is a sample whose score passes."""
        sample = self._samples.offer(frame)
        if sample is None:
            return None
        self.sampled += 1
        comparison = self._comparison
        feature = self._feature_of(frame)
        score = comparison.score(feature, self._reference)
        always = self._reference is None and comparison.first_passes
        passed = always or comparison.passes(score)
        if passed or not comparison.since_captured:
            self._reference = feature
        if not passed:
            return None
        hashed = comparison.measure is None
        return replace(
            sample,
            reason=Reason.CHANGE if hashed else Reason.SCORE,
            dhash=feature if hashed else None,
            changed_bits=int(score) if hashed else None,
            score=score,
        )

    def resume(self, point: ResumePoint) -> None:
        """Is never called: a sample's score may depend on all samples before it."""
        raise NotImplementedError

    @property
    def needs_next(self) -> bool:
        """True when samples are chosen by time."""
        return self._samples.needs_next

    @property
    def next_pts(self) -> Pts | None:
        """The pts at which the next sample is on screen."""
        return self._samples.next_pts

    @property
    def done(self) -> bool:
        """True when there are no more samples."""
        return self._samples.done


@dataclass(frozen=True, slots=True)
class RankedSample:
    """A sample as it is kept between the two passes: without its picture."""

    pick: Pick
    """The pick, its frame without the picture."""

    @property
    def pts(self) -> Pts:
        """When its frame appears."""
        return self.pick.frame.pts


class Ranking:
    """Keeps the samples with the highest scores; of equal scores, the earlier samples.

    Args:
        limit: The number of samples to keep, at least 1.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._heap: list[tuple[float, Pts, RankedSample]] = []

    def add(self, pick: Pick) -> None:
        """Adds a pick of a `ComparedSelector`; above the limit, drops the lowest score."""
        assert pick.score is not None
        sample = RankedSample(replace(pick, frame=replace(pick.frame, native=Lease.released())))
        entry = (pick.score, -sample.pts, sample)
        if len(self._heap) < self._limit:
            heappush(self._heap, entry)
        else:
            heappushpop(self._heap, entry)

    def samples(self) -> list[RankedSample]:
        """Returns the kept samples, in time order."""
        return sorted((entry[2] for entry in self._heap), key=lambda sample: sample.pts)


class RankedSelector:
    """Picks the frames of ranked samples again, in a second pass.

    Args:
        samples: The samples, in time order.
    """

    sampled = 0
    needs_next = False

    def __init__(self, samples: Iterable[RankedSample]) -> None:
        self._wanted = deque(samples)

    def offer(self, frame: Frame) -> Pick | None:
        """Returns the frame when it was ranked."""
        if not self._wanted or frame.pts != self._wanted[0].pts:
            return None
        sample = self._wanted.popleft()
        return replace(sample.pick, frame=frame)

    def resume(self, point: ResumePoint) -> None:
        """Is never called: ranks are known once all samples are compared."""
        raise NotImplementedError

    @property
    def next_pts(self) -> Pts | None:
        """The pts of the next ranked frame."""
        return self._wanted[0].pts if self._wanted else None

    @property
    def done(self) -> bool:
        """True when every ranked frame was picked."""
        return not self._wanted
