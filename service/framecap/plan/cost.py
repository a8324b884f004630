"""The cost of seeking to the wanted frames and of reading on, estimated from an index."""

from __future__ import annotations

from typing import Final

from framecap.model.plan import Cost, KeyIndex
from framecap.model.wanted import PtsRange, Wanted
from framecap.timebase import Pts

# Measured on local files: a packet that is read and examined costs some 25 to 45 µs; a seek, which
# refills the read buffer, costs as much as some 16 packets.
SEEK_PACKETS: Final = 16

# The groups of pictures that are examined one by one; the rest is extrapolated from them.
_MAX_EXAMINED: Final = 4096


def seeking(wanted: Wanted, first: Pts, index: KeyIndex) -> Cost:
    """Returns the cost of a seek to each group of pictures with a wanted frame.

    Args:
        wanted: The wanted frames.
        first: The pts of the first frame.
        index: The keyframe index.
    """
    frames = size = groups = 0
    last = index.last
    moment = wanted.following(first)
    begin = moment
    while moment is not None and moment <= last and groups < _MAX_EXAMINED:
        after = index.key_after(moment)
        final = wanted.preceding(after)
        final = last if final is None else min(final, last)
        span = index.span(_group_start(moment, first, index), final)
        frames += span.frames
        size += span.size
        groups += 1
        moment = None if after is None else wanted.following(after)
    if groups == _MAX_EXAMINED and moment is not None and begin is not None:
        examined = max(1, moment - begin)
        frames, size, groups = (
            figure * (last - begin) // examined for figure in (frames, size, groups)
        )
    return Cost(frames=frames, size=size or None, groups=groups)


def reading_on(wanted: Wanted, first: Pts, index: KeyIndex, source_bytes: int) -> Cost:
    """Returns the cost of reading from the first group with a wanted frame to the last.

    Args:
        wanted: The wanted frames.
        first: The pts of the first frame.
        index: The keyframe index.
        source_bytes: The source's size in bytes.
    """
    cost = seeking(wanted, first, index)
    begin = wanted.following(first)
    if begin is None:
        return cost
    end = wanted.preceding(None)
    last = index.last if end is None else min(end, index.last)
    span = index.span(_group_start(begin, first, index), last)
    return Cost(frames=cost.frames, size=span.size or source_bytes, groups=cost.groups)


def prefers_seeking(wanted: Wanted, first: Pts, index: KeyIndex) -> bool:
    """Returns whether a seek to each group costs less than reading from the first to the last.

    Both decode the same frames. Seeking costs the seeks, reading on the unused packets.

    Args:
        wanted: The wanted frames.
        first: The pts of the first frame.
        index: The keyframe index.
    """
    if isinstance(wanted, PtsRange):
        return False
    cost = seeking(wanted, first, index)
    begin = wanted.following(first)
    if begin is None or cost.frames is None or cost.groups is None:
        return True
    passed = index.span(_group_start(begin, first, index), index.last).frames - cost.frames
    return passed > SEEK_PACKETS * cost.groups


def _group_start(moment: Pts, first: Pts, index: KeyIndex) -> Pts:
    """Returns the last keyframe at or before a moment; the first frame when the index has none."""
    key = index.key_before(moment)
    return first if key is None else key
