"""The frames where the picture changes.

Samples come from another selector; each is hashed and compared with its reference. With a limit the
samples are ranked first and picked in a second reading, so that nothing is encoded in vain.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from heapq import heappush, heappushpop
from typing import Final

from framecap.model.capture import Pick, Reason
from framecap.model.media import Frame
from framecap.model.spec import ChangeReference
from framecap.select.selector import Selector
from framecap.timebase import Pts

HASH_BITS: Final = 64


def passes(changed: int, threshold: int) -> bool:
    """Returns whether more than `threshold` percent of a hash's bits changed."""
    return changed * 100 > threshold * HASH_BITS


class ChangeSelector:
    """Picks the samples whose hash differs enough from their reference's.

    The first sample has no reference: all its bits count as changed, and it always passes.

    Args:
        samples: Chooses the samples.
        hash_of: Returns the 64-bit difference hash of a frame.
        changed_bits: Returns in how many bits two hashes differ.
        threshold: A sample passes when more than this percentage of its bits changed.
        reference: What a sample is compared with.
    """

    def __init__(
        self,
        samples: Selector,
        hash_of: Callable[[Frame], int],
        changed_bits: Callable[[int, int], int],
        *,
        threshold: int,
        reference: ChangeReference,
    ) -> None:
        self._samples = samples
        self._hash_of = hash_of
        self._changed_bits = changed_bits
        self._threshold = threshold
        self._keep_reference = reference is ChangeReference.LAST_CAPTURED
        self._reference: int | None = None
        self.sampled = 0
        """How many samples were compared."""

    def offer(self, frame: Frame) -> Pick | None:
        """Returns the frame when it is a sample that changed enough."""
        sample = self._samples.offer(frame)
        if sample is None:
            return None
        self.sampled += 1
        dhash = self._hash_of(frame)
        if self._reference is None:
            changed, passed = HASH_BITS, True
        else:
            changed = self._changed_bits(dhash, self._reference)
            passed = passes(changed, self._threshold)
        if passed or not self._keep_reference:
            self._reference = dhash
        if not passed:
            return None
        return replace(sample, reason=Reason.CHANGE, dhash=dhash, changed_bits=changed)

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
    """A sample as it is remembered between the two readings: all but its picture."""

    changed_bits: int
    pts: Pts
    dhash: int
    requested_time: int
    answered_count: int


class Ranking:
    """Keeps the samples with the largest change; of equal ones, the earlier.

    Args:
        limit: How many to keep, at least 1.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._heap: list[tuple[int, int, RankedSample]] = []

    def add(self, pick: Pick) -> None:
        """Remembers a pick of a `ChangeSelector`, and forgets the least when there are too many."""
        assert pick.dhash is not None and pick.changed_bits is not None
        sample = RankedSample(
            changed_bits=pick.changed_bits,
            pts=pick.frame.pts,
            dhash=pick.dhash,
            requested_time=pick.requested_time,
            answered_count=pick.answered_count,
        )
        entry = (sample.changed_bits, -sample.pts, sample)
        if len(self._heap) < self._limit:
            heappush(self._heap, entry)
        else:
            heappushpop(self._heap, entry)

    def samples(self) -> list[RankedSample]:
        """Returns the samples kept, in time order."""
        return sorted((entry[2] for entry in self._heap), key=lambda sample: sample.pts)


class RankedSelector:
    """Picks the frames of ranked samples again, in a second reading.

    Args:
        samples: The samples, in time order.
    """

    def __init__(self, samples: Iterable[RankedSample]) -> None:
        self._wanted = deque(samples)

    def offer(self, frame: Frame) -> Pick | None:
        """Returns the frame when it was ranked."""
        if not self._wanted or frame.pts != self._wanted[0].pts:
            return None
        sample = self._wanted.popleft()
        return Pick(
            frame=frame,
            reason=Reason.CHANGE,
            requested_time=sample.requested_time,
            answered_count=sample.answered_count,
            dhash=sample.dhash,
            changed_bits=sample.changed_bits,
        )

    @property
    def next_pts(self) -> Pts | None:
        """The pts of the next ranked frame."""
        return self._wanted[0].pts if self._wanted else None

    @property
    def done(self) -> bool:
        """True when every ranked frame was picked."""
        return not self._wanted
