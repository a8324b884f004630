"""Runs: packets that are decoded together, from a keyframe on.

A run holds a keyframe's packet and the packets up to the next keyframe. Leading pictures (after
that keyframe in decoding order, before it on screen) need both groups: if one of them is wanted,
the next keyframe and its leading pictures are decoded with this run, too. They also stay in their
own run, unwanted, because other pictures may refer to them. Two decoders may then be fed one packet
at the same time; feeding sets the packet's fields, so the decoders take turns.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from threading import Lock
from typing import Final

from framecap.media.decoding.packet_info import PacketInfo
from framecap.media.fast_path import FarApart, FastPathUnavailable
from framecap.timebase import Pts

MAX_BYTES: Final = 48 << 20
"""The most bytes in the packets of a run. Longer groups are read while they are decoded."""


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """Packets that are decoded together. The first one is the keyframe's."""

    infos: tuple[PacketInfo, ...]
    """In decoding order, up to the last wanted one; empty when none is wanted."""

    key: Pts
    """When the keyframe appears."""

    until: Pts | None
    """When the next keyframe appears; None if reading ended before it."""

    @property
    def wanted(self) -> int:
        """The number of wanted pictures."""
        return sum(info.wanted for info in self.infos)


def cut(infos: Iterator[PacketInfo], *, beyond: bool = False) -> Iterator[Run]:
    """Yields the runs of a stream, including those without wanted pictures.

    Args:
        infos: The stream's packets, from a keyframe's on.
        beyond: True to keep a run's packets behind the last wanted one, too.

    Raises:
        FastPathUnavailable: The first packet is no keyframe's, or pictures are shown on the wrong
            side of one.
        FarApart: A group of pictures is too large to be kept in memory.
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
    """Returns the run with at most `limit` wanted pictures, the first on screen."""
    times = sorted(info.pts for info in run.infos if info.wanted)
    if len(times) <= limit:
        return run
    kept = set(islice(times, limit))
    infos = [replace(info, wanted=info.pts in kept) for info in run.infos]
    return Run(_up_to_last_wanted(infos), run.key, run.until)


def _shared(leading: list[PacketInfo]) -> list[PacketInfo]:
    """Returns a keyframe and its leading pictures, with a lock if two runs hold them."""
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
