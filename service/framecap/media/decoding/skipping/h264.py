"""H.264: leaves out pictures that are not for reference (nal_ref_idc 0).

No picture depends on their samples, motion or numbers (frame_num and the picture order count are
derived from reference pictures alone). Streams that may have fields are fed whole: one picture can
then be two packets, of which only one counts as wanted.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Any, Final

from av.packet import Packet

from framecap._bitstream.h264 import frames_only
from framecap.media.bitstream.units import sei_types, split, unescaped, units_of
from framecap.media.decoding.skipping.feed import Feed, PacketBatch

_SLICE: Final = 1
_SLICE_IDR: Final = 5
_SEI: Final = 6
_SPS: Final = 7
_PPS: Final = 8
_DELIMITER: Final = 9
_FILLER: Final = 12

# SEI messages that apply to their own picture alone: buffering period, picture timing, filler,
# user data.
_PASSING: Final = frozenset({0, 1, 3, 4, 5})


class _Kind(Enum):
    NEEDED = auto()
    """A picture that others refer to, or a packet that cannot be parsed."""

    UNREFERENCED = auto()
    """One unreferenced picture, beside units that apply to later pictures, too."""

    DROPPABLE = auto()
    """One unreferenced picture and nothing else."""


def rule(batch: PacketBatch) -> list[Feed] | None:
    """Returns the feeds of a batch; None if any packet of it cannot be parsed."""
    length_size = _length_size(batch.extradata)
    cut = [units_of(packet, length_size) for packet in batch.packets]
    sets = _parameter_sets(batch.extradata, length_size)
    sets += [unit for units in cut for unit in units or () if unit[0] & 31 == _SPS]
    if not sets or not all(frames_only(unescaped(unit)) for unit in sets):
        return None
    return [
        Feed(packet) if wanted else _fed(packet, _kind(units))
        for packet, wanted, units in zip(batch.packets, batch.wanted, cut, strict=True)
    ]


def _fed(packet: Packet[Any], kind: _Kind) -> Feed:
    if kind is _Kind.DROPPABLE:
        return Feed(None)
    return Feed(packet, references_only=kind is _Kind.UNREFERENCED)


def _kind(units: list[memoryview] | None) -> _Kind:
    pictures = 0
    has_more = False
    for unit in units or ():
        kind, reference = unit[0] & 31, unit[0] >> 5 & 3
        if kind == _SLICE and reference == 0 and len(unit) > 1:
            # A picture begins with first_mb_in_slice 0: a single set bit.
            pictures += unit[1] >> 7
        elif kind == _SEI:
            types = sei_types(unescaped(unit[1:]))
            has_more = has_more or types is None or not types <= _PASSING
        elif kind in (_SPS, _PPS):
            has_more = True
        elif kind not in (_DELIMITER, _FILLER):
            return _Kind.NEEDED
    if pictures != 1:
        return _Kind.NEEDED
    return _Kind.UNREFERENCED if has_more else _Kind.DROPPABLE


def _length_size(extradata: bytes) -> int:
    """Returns the size of the length before each unit, in bytes; 0 for start codes."""
    return (extradata[4] & 3) + 1 if len(extradata) > 6 and extradata[0] == 1 else 0


def _parameter_sets(extradata: bytes, length_size: int) -> list[memoryview]:
    """Returns the sequence parameter sets in the extradata; none if they cannot be parsed."""
    if length_size == 0:
        return [unit for unit in split(extradata, 0) or () if unit[0] & 31 == _SPS]
    view = memoryview(extradata)
    sets, at = [], 6
    for _ in range(extradata[5] & 31):
        end = at + 2 + int.from_bytes(view[at : at + 2], "big")
        if end > len(view) or end == at + 2:
            return []
        sets.append(view[at + 2 : end])
        at = end
    return sets
