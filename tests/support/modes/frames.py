"""Frames without pictures, for choosing among."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from framecap.model.capture import Pick
from framecap.model.lease import Lease
from framecap.model.media import Frame
from framecap.modes.selectors.selector import Selector


def frames(starts: Iterable[int], end: int, keys: Iterable[int] = ()) -> list[Frame]:
    """Returns frames that appear at `starts`, the last one until `end`; `keys` are keyframes."""
    wanted = set(keys)
    return [
        Frame(pts=pts, end=until, keyframe=pts in wanted, damaged=False, native=Lease.released())
        for pts, until in pairwise([*starts, end])
    ]


def picks(selector: Selector, offered: Iterable[Frame]) -> list[Pick]:
    """Returns what a selector picks, offering as the pipeline does: until it is done."""
    found = []
    for frame in offered:
        pick = selector.offer(frame)
        if pick is not None:
            found.append(pick)
        if selector.done:
            break
    return found
