"""Runs: packets that are decoded together, from a keyframe on.

A run holds a keyframe's packet and those up to the next keyframe. Pictures that come after that one
in the order of decoding and before it on screen (leading pictures) need both groups: where one of
them is wanted, the next keyframe and its leading pictures are decoded with this run too. They stay
with their own run as well, unwanted: others may count on their having been there. Two decoders may
then be fed one packet at the same time; each marks it as its own, so they take turns.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from threading import Lock
from typing import Final

from framecap.media.irregular import FarApart, Irregular
from framecap.media.marks import Marked
from framecap.timebase import Pts

MAX_BYTES: Final = 48 << 20
"""The most that the packets of a run may weigh. Longer groups are read as they are decoded."""


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """What is decoded together. The first packet is the keyframe's."""

    marks: tuple[Marked, ...]
    """In the order of decoding, up to the last wanted one; empty when none is wanted."""

    key: Pts
    """When the keyframe appears."""

    until: Pts | None
    """When the next keyframe appears, where reading came to it."""

    @property
    def wanted(self) -> int:
        """How many pictures of it are wanted."""
        return sum(mark.wanted for mark in self.marks)


def cut(marked: Iterator[Marked], *, beyond: bool = False) -> Iterator[Run]:
    """Yields the runs of a stream, also those in which nothing is wanted.

    Args:
        marked: Its packets, from a keyframe's on.
        beyond: True for runs that hold their packets behind the last wanted one, too.

    Raises:
        Irregular: The first packet is no keyframe's, or pictures are shown on the wrong side of
            one.
        FarApart: A group is too large to be kept.
    """
    current: list[Marked] = []
    weight = 0
    latest: Pts | None = None
    leading: list[Marked] | None = None
    for mark in marked:
        if mark.key and latest is not None and mark.pts < latest:
            raise Irregular("a keyframe that appears before what was decoded earlier")
        if mark.shown:
            latest = mark.pts if latest is None else max(latest, mark.pts)
        if leading is not None:
            if mark.pts < leading[0].pts and not mark.key:
                leading.append(mark)
                continue
            leading = _shared(leading)
            yield _run(current, leading, beyond)
            current, leading = leading, None
            weight = sum(kept.packet.size for kept in current)
        if mark.key and current:
            leading = [mark]
            continue
        if not current and not mark.key:
            raise Irregular("reading begins behind a keyframe")
        if current and mark.wanted and mark.pts < current[0].pts:
            raise Irregular("a leading picture behind others")
        current.append(mark)
        weight += mark.packet.size
        if weight > MAX_BYTES:
            raise FarApart(f"more than {weight} bytes between two keyframes")
    if leading is not None:
        leading = _shared(leading)
        yield _run(current, leading, beyond)
        current = leading
    if current:
        yield _run(current, [], beyond)


def first_wanted(run: Run, limit: int) -> Run:
    """Returns a run of which only the first pictures on screen are wanted."""
    times = sorted(mark.pts for mark in run.marks if mark.wanted)
    if len(times) <= limit:
        return run
    kept = set(islice(times, limit))
    marks = [replace(mark, wanted=mark.pts in kept) for mark in run.marks]
    return Run(_up_to_last_wanted(marks), run.key, run.until)


def _shared(leading: list[Marked]) -> list[Marked]:
    """Returns a keyframe and its leading pictures, to be fed in turns where two runs have them."""
    if not _needs_both(leading):
        return leading
    feeding = Lock()
    return [replace(mark, feeding=feeding) for mark in leading]


def _needs_both(leading: list[Marked]) -> bool:
    return any(mark.wanted for mark in leading[1:])


def _run(group: list[Marked], following: list[Marked], beyond: bool) -> Run:
    key = group[0].pts
    own = [
        replace(mark, wanted=False) if mark.wanted and mark.pts < key else mark for mark in group
    ]
    if _needs_both(following):
        own += [replace(following[0], wanted=False), *following[1:]]
    until = following[0].pts if following else None
    if beyond and any(mark.wanted for mark in own):
        return Run(tuple(own), key=key, until=until)
    return Run(_up_to_last_wanted(own), key=key, until=until)


def _up_to_last_wanted(marks: list[Marked]) -> tuple[Marked, ...]:
    last = max((number for number, mark in enumerate(marks) if mark.wanted), default=-1)
    return tuple(marks[: last + 1])
