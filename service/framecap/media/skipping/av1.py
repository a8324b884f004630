"""AV1: frames that no wanted one refers to are cut out of their packets.

A frame refers to nothing but what the eight slots hold when it is decoded, and its header names
the slots. So from the wanted frames back it is known which frames are needed. A slot that a needed
frame names holds the same frame as ever: that one is needed too, and cutting only takes away what
would have replaced others.

dav1d is never asked to skip frames: it then loses wanted ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from av.packet import Packet

from framecap.media.skipping.av1_slots import CodedFrame, Reader, Unclear, Unit
from framecap.media.skipping.feed import Feed, PacketBatch
from framecap.media.skipping.rewrite import rewritten


def rule(batch: PacketBatch) -> list[Feed] | None:
    """Chooses what to feed; None where anything about the stretch is unclear."""
    reader = Reader(batch.extradata)
    find = _needed if batch.whole else _needed_whatever_follows
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
    """Returns the wanted frames and all that they refer to, however indirectly.

    Raises:
        Unclear: One of them refers to an unknown frame.
    """
    needed = {unit.frames[-1] for unit, want in zip(units, wanted, strict=True) if want}
    for unit in reversed(units):
        for frame in reversed(unit.frames):
            if frame in needed:
                for other in frame.refers_to:
                    if other is None:
                        raise Unclear
                    needed.add(other)
    return needed


def _needed_whatever_follows(units: list[Unit], wanted: Sequence[bool]) -> set[CodedFrame]:
    """Returns the wanted frames and all that a later one can refer to."""
    needed = {unit.frames[-1] for unit, want in zip(units, wanted, strict=True) if want}
    return needed | {
        frame for unit in units for frame in unit.frames if frame.refreshed or not frame.shown
    }


def _cut(packet: Packet[Any], unit: Unit, needed: set[CodedFrame]) -> Packet[Any] | None:
    """Returns a packet without the frames that are not needed; None where nothing is left."""
    left = [frame for frame in unit.frames if frame in needed]
    if len(left) == len(unit.frames):
        return packet
    kept = [
        part
        for part in unit.parts
        if part.lasting or (left and (part.frame is None or part.frame in needed))
    ]
    if not kept:
        return None
    data = memoryview(packet)
    return rewritten(packet, b"".join(data[part.begin : part.end] for part in kept))
