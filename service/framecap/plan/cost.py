"""What ways to the wanted frames would cost, as far as an index tells it."""

from __future__ import annotations

from typing import Final

from framecap.model.plan import Cost, KeyIndex
from framecap.model.wanted import PtsRange, Wanted
from framecap.timebase import Pts

# Measured on local files: reading on costs some 25 to 45 µs a packet that is looked at for its
# picture; a seek, with the buffer that is read anew, as much as some 16 of them.
SEEK_PACKETS: Final = 16

# Groups that are looked at one by one; beyond, those seen stand for the rest.
_LOOKED_AT: Final = 4096


def seeking(wanted: Wanted, first: Pts, index: KeyIndex) -> Cost:
    """Returns the cost of going to each group of pictures with something wanted in it.

    Args:
        wanted: What is wanted.
        first: The pts of the first frame.
        index: Where keyframes are.
    """
    frames = size = groups = 0
    last = index.last
    moment = wanted.following(first)
    begin = moment
    while moment is not None and moment <= last and groups < _LOOKED_AT:
        after = index.key_after(moment)
        final = moment if isinstance(wanted, PtsRange) else wanted.preceding(after)
        if after is None:
            final = last if final is None else min(final, last)
        elif isinstance(wanted, PtsRange):
            final = after - 1
        span = index.span(index.key_before(moment) or first, max(moment, final or moment))
        frames += span.frames
        size += span.size
        groups += 1
        moment = None if after is None else wanted.following(after)
    if groups == _LOOKED_AT and moment is not None and begin is not None:
        # The rest is like what was seen, as far as anyone can tell without looking.
        part = max(1, moment - begin)
        frames, size, groups = (
            figure * (last - begin) // part for figure in (frames, size, groups)
        )
    return Cost(frames=frames, size=size or None, groups=groups)


def reading_on(wanted: Wanted, first: Pts, index: KeyIndex, source_bytes: int) -> Cost:
    """Returns the cost of reading on from the first group wanted to the last.

    Args:
        wanted: What is wanted.
        first: The pts of the first frame.
        index: Where keyframes are.
        source_bytes: The source's size.
    """
    cost = seeking(wanted, first, index)
    begin = wanted.following(first)
    if begin is None:
        return cost
    end = wanted.preceding(None)
    last = index.last if end is None else min(end, index.last)
    span = index.span(index.key_before(begin) or first, max(begin, last))
    return Cost(frames=cost.frames, size=span.size or source_bytes, groups=cost.groups)


def prefers_seeking(wanted: Wanted, first: Pts, index: KeyIndex) -> bool:
    """Returns whether going to each group costs less than reading on from the first to the last.

    Both decode the same frames; what differs is seeks against packets that are read in vain.

    Args:
        wanted: What is wanted.
        first: The pts of the first frame.
        index: Where keyframes are.
    """
    if isinstance(wanted, PtsRange):
        return False
    cost = seeking(wanted, first, index)
    begin = wanted.following(first)
    if begin is None or cost.frames is None or cost.groups is None:
        return True
    passed = index.span(index.key_before(begin) or first, index.last).frames - cost.frames
    return passed > SEEK_PACKETS * cost.groups
