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

from framecap.media.fast_path import FarApart, FastPathUnavailable
from framecap.media.packet_info import PacketInfo
from framecap.timebase import Pts

MAX_BYTES: Final = 48 << 20
"""The most that the packets of a run may weigh. Longer groups are read as they are decoded."""


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """What is decoded together. The first packet is the keyframe's."""

    infos: tuple[PacketInfo, ...]
    """In the order of decoding, up to the last wanted one; empty when none is wanted."""

    key: Pts
    """When the keyframe appears."""

    until: Pts | None
    """When the next keyframe appears, where reading came to it."""

    @property
    def wanted(self) -> int:
        """How many pictures of it are wanted."""
        return sum(info.wanted for info in self.infos)


def cut(infos: Iterator[PacketInfo], *, beyond: bool = False) -> Iterator[Run]:
    """Yields the runs of a stream, also those in which nothing is wanted.

    Args:
        infos: Its packets, from a keyframe's on.
        beyond: True for runs that hold their packets behind the last wanted one, too.

    Raises:
        FastPathUnavailable: The first packet is no keyframe's, or pictures are shown on the wrong
            side of one.
        FarApart: A group is too large to be kept.
    """
    current: list[PacketInfo] = []
    weight = 0
    latest: Pts | None = None
    leading: list[PacketInfo] | None = None
    for info in infos:
        if info.key and latest is not None and info.pts < latest:
            raise FastPathUnavailable("a keyframe that appears before what was decoded earlier")
        if info.shown:
            latest = info.pts if latest is None else max(latest, info.pts)
        if leading is not None:
            if info.pts < leading[0].pts and not info.key:
                leading.append(info)
                continue
            leading = _shared(leading)
            yield _run(current, leading, beyond)
            current, leading = leading, None
            weight = sum(kept.packet.size for kept in current)
        if info.key and current:
            leading = [info]
            continue
        if not current and not info.key:
            raise FastPathUnavailable("reading begins behind a keyframe")
        if current and info.wanted and info.pts < current[0].pts:
            raise FastPathUnavailable("a leading picture behind others")
        current.append(info)
        weight += info.packet.size
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
    times = sorted(info.pts for info in run.infos if info.wanted)
    if len(times) <= limit:
        return run
    kept = set(islice(times, limit))
    infos = [replace(info, wanted=info.pts in kept) for info in run.infos]
    return Run(_up_to_last_wanted(infos), run.key, run.until)


def _shared(leading: list[PacketInfo]) -> list[PacketInfo]:
    """Returns a keyframe and its leading pictures, to be fed in turns where two runs have them."""
    if not _needs_both(leading):
        return leading
    feeding = Lock()
    return [replace(info, feeding=feeding) for info in leading]


def _needs_both(leading: list[PacketInfo]) -> bool:
    return any(info.wanted for info in leading[1:])


def _run(group: list[PacketInfo], following: list[PacketInfo], beyond: bool) -> Run:
    key = group[0].pts
    own = [
        replace(info, wanted=False) if info.wanted and info.pts < key else info for info in group
    ]
    if _needs_both(following):
        own += [replace(following[0], wanted=False), *following[1:]]
    until = following[0].pts if following else None
    if beyond and any(info.wanted for info in own):
        return Run(tuple(own), key=key, until=until)
    return Run(_up_to_last_wanted(own), key=key, until=until)


def _up_to_last_wanted(infos: list[PacketInfo]) -> tuple[PacketInfo, ...]:
    last = max((number for number, info in enumerate(infos) if info.wanted), default=-1)
    return tuple(infos[: last + 1])
