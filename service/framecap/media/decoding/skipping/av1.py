"""AV1: cuts frames out of their packets that no wanted frame refers to.

A frame refers only to frames in the eight reference slots when it is decoded, and its header names
the slots. So the needed frames follow from the wanted ones, going back. A slot that a needed frame
names holds the same frame as without cutting: that frame is needed, too, and a cut only removes
frames that would have replaced others.

skip_frame is never set for dav1d: it then loses wanted frames.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from av.packet import Packet

from framecap.media.bitstream.rewrite import rewritten
from framecap.media.decoding.skipping.av1_slots import CodedFrame, Reader, Unclear, Unit
from framecap.media.decoding.skipping.feed import Feed, PacketBatch


def rule(batch: PacketBatch) -> list[Feed] | None:
    """Returns the feeds of a batch; None if any packet of it cannot be parsed."""
    reader = Reader(batch.extradata)
    find = _needed if batch.whole else _needed_by_any_later
    try:
        units = [reader.unit(packet) for packet in batch.packets]
        needed = find(units, batch.wanted)
    except Unclear:
        return None
    return [
        Feed(packet if wanted else _cut(packet, unit, needed))
        for packet, wanted, unit in zip(batch.packets, batch.wanted, units, strict=True)
    ]


def _needed(units: list[Unit], wanted: Sequence[bool]) -> set[CodedFrame]:
    """Returns the wanted frames and all frames that they refer to, directly or indirectly.

    Raises:
        Unclear: One of them refers to an unknown frame.
    """
    needed = {unit.frames[-1] for unit, want in zip(units, wanted, strict=True) if want}
    for frame in chain.from_iterable(reversed(unit.frames) for unit in reversed(units)):
        if frame in needed:
            needed.update(_known(frame.refers_to))
    return needed


def _known(frames: Iterable[CodedFrame | None]) -> Iterator[CodedFrame]:
    for frame in frames:
        if frame is None:
            raise Unclear
        yield frame


def _needed_by_any_later(units: list[Unit], wanted: Sequence[bool]) -> set[CodedFrame]:
    """Returns the wanted frames and all frames that a later one can refer to."""
    needed = {unit.frames[-1] for unit, want in zip(units, wanted, strict=True) if want}
    return needed | {
        frame for unit in units for frame in unit.frames if frame.refreshed or not frame.shown
    }


def _cut(packet: Packet[Any], unit: Unit, needed: set[CodedFrame]) -> Packet[Any] | None:
    """Returns a packet without the frames that are not needed; None if nothing is left."""
    left = [frame for frame in unit.frames if frame in needed]
    if len(left) == len(unit.frames):
        return packet
    kept = [
        obu
        for obu in unit.obus
        if obu.lasting or (left and (obu.frame is None or obu.frame in needed))
    ]
    if not kept:
        return None
    data = memoryview(packet)
    return rewritten(packet, b"".join(data[obu.begin : obu.end] for obu in kept))
