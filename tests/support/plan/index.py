"""A keyframe index made by hand."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable

from framecap.model.plan import KeyIndex, Span
from framecap.timebase import Pts

KEY_BYTES = 1000
OTHER_BYTES = 100


class ListedIndex(KeyIndex):
    """An index with a packet at each time: keyframes of 1000 bytes, others of 100.

    Args:
        times: The packets' times, ascending.
        keys: Those of them that are keyframes.
        sized: False for a container that does not tell the sizes.
    """

    def __init__(self, times: Iterable[Pts], keys: Iterable[Pts], *, sized: bool = True) -> None:
        self._times = list(times)
        self._keys = sorted(keys)
        self._sized = sized

    def key_before(self, moment: Pts) -> Pts | None:
        found = bisect_right(self._keys, moment)
        return self._keys[found - 1] if found else None

    def key_after(self, moment: Pts) -> Pts | None:
        found = bisect_right(self._keys, moment)
        return self._keys[found] if found < len(self._keys) else None

    def span(self, begin: Pts, end: Pts) -> Span:
        times = self._times[bisect_left(self._times, begin) : bisect_right(self._times, end)]
        keys = len(set(self._keys).intersection(times))
        size = keys * KEY_BYTES + (len(times) - keys) * OTHER_BYTES
        return Span(frames=len(times), size=size if self._sized else 0)

    @property
    def last(self) -> Pts:
        return self._times[-1]
