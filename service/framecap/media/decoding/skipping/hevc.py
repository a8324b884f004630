"""HEVC: leaves out sub-layers above the wanted ones, and non-reference pictures of the highest.

A picture refers to no picture of a higher temporal sub-layer, and to a sub-layer non-reference
picture only from a higher one. Neither the picture order count nor the decoded picture buffer
depends on the pictures left out. Parameter sets in their packets, and SEI messages that apply to
later pictures, are still fed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from av.packet import Packet

from framecap.media.bitstream.rewrite import rewritten
from framecap.media.bitstream.units import joined, sei_types, split, unescaped, units_of
from framecap.media.decoding.skipping.feed import Feed, PacketBatch

_LAST_TRAILING: Final = 9
_RASL: Final = (8, 9)
_BLA_AND_IDR: Final = range(16, 21)
_CRA: Final = 21
_VPS: Final = 32
_SPS: Final = 33
_PPS: Final = 34
_DELIMITER: Final = 35
_FILLER: Final = 38
_SEI: Final = (39, 40)
_RECOVERY: Final = 6
_UNSPECIFIED: Final = range(48, 64)

# SEI messages that apply to their own picture alone: buffering period, picture timing, filler,
# user data, decoding unit information, picture hash.
_PASSING: Final = frozenset({0, 1, 3, 4, 5, 130, 132})


@dataclass(frozen=True, slots=True)
class _Picture:
    """Properties of a packet's picture, from its NAL headers."""

    kind: int
    """nal_unit_type of its slices."""

    temporal_id: int

    discards_earlier: bool
    """True if earlier pictures that were not output yet are discarded."""

    lasting: list[memoryview]
    """Units that apply to later pictures, too."""

    @property
    def starts_over(self) -> bool:
        return self.kind > _LAST_TRAILING

    @property
    def sub_layer_unreferenced(self) -> bool:
        return self.kind <= _LAST_TRAILING and self.kind % 2 == 0


def rule(batch: PacketBatch) -> list[Feed] | None:
    """Returns the feeds of a batch; None if any packet of it cannot be parsed."""
    length_size = _length_size(batch.extradata)
    cut = [units_of(packet, length_size) for packet in batch.packets]
    pictures: list[_Picture] = []
    for units in cut:
        picture = None if units is None else _picture(units)
        if picture is None or (pictures and picture.discards_earlier):
            return None
        pictures.append(picture)
    highest = _highest(batch, pictures, length_size)
    if highest is None:
        return None
    after_restart = batch.whole
    chosen = []
    for k, (picture, packet) in enumerate(zip(pictures, batch.packets, strict=True)):
        # RASL pictures refer to pictures before the run's first and are not output.
        after_restart = after_restart and (k == 0 or not picture.starts_over)
        needed = (
            batch.wanted[k]
            or picture.temporal_id < highest[k]
            or (picture.temporal_id == highest[k] and not picture.sub_layer_unreferenced)
        )
        if needed and (batch.wanted[k] or not (after_restart and picture.kind in _RASL)):
            chosen.append(Feed(packet))
        elif picture.lasting:
            chosen.append(Feed(rewritten(packet, joined(picture.lasting, length_size))))
        else:
            chosen.append(Feed(None))
    return chosen


def discards_earlier(extradata: bytes, packet: Packet[Any]) -> bool:
    """Returns whether a keyframe discards pictures that were decoded but not shown yet."""
    return any(
        len(unit) > 2 and unit[0] >> 1 in _BLA_AND_IDR and unit[2] & 0x40
        for unit in units_of(packet, _length_size(extradata)) or ()
    )


def _highest(batch: PacketBatch, pictures: list[_Picture], length_size: int) -> list[int] | None:
    """Returns, for each packet, the highest sub-layer of the pictures wanted from there on."""
    if not batch.whole:
        top = _sub_layers(batch, length_size)
        return None if top is None else [top] * len(pictures)
    highest, top = [], -1
    for picture, wanted in zip(reversed(pictures), reversed(batch.wanted), strict=True):
        if wanted:
            top = max(top, picture.temporal_id)
        highest.append(top)
    return highest[::-1]


def _picture(units: list[memoryview]) -> _Picture | None:
    """Returns the picture of a packet; None unless it is one picture of the base layer."""
    kinds: set[tuple[int, int]] = set()
    lasting: list[memoryview] = []
    begins, discards, recovers = 0, False, False
    for unit in units:
        if len(unit) < 3:
            return None
        kind, layer, temporal_id = unit[0] >> 1, (unit[0] & 1) << 5 | unit[1] >> 3, unit[1] & 7
        if layer != 0 or temporal_id == 0:
            return None
        if kind <= _LAST_TRAILING or kind in _BLA_AND_IDR or kind == _CRA:
            kinds.add((kind, temporal_id - 1))
            begins += unit[2] >> 7
            discards = discards or (kind > _LAST_TRAILING and unit[2] & 0x40 != 0)
        elif kind in _SEI:
            types = sei_types(unescaped(unit[2:]))
            if types is None or not types <= _PASSING:
                lasting.append(unit)
                recovers = recovers or types is None or _RECOVERY in types
        elif kind in (_VPS, _SPS, _PPS):
            lasting.append(unit)
        elif kind not in (_DELIMITER, _FILLER, *_UNSPECIFIED):
            return None
    if begins != 1 or len(kinds) != 1:
        return None
    [(kind, temporal_id)] = kinds
    if recovers and kind <= _LAST_TRAILING:
        # Decoding may begin here, and the pictures behind it then depend on this one.
        return None
    return _Picture(kind, temporal_id, discards, lasting)


def _length_size(extradata: bytes) -> int:
    """Returns the size of the length before each unit, in bytes; 0 for start codes."""
    counted = len(extradata) > 22 and extradata[:3] not in (b"\0\0\0", b"\0\0\1")
    return (extradata[21] & 3) + 1 if counted else 0


def _sub_layers(batch: PacketBatch, length_size: int) -> int | None:
    """Returns the highest sub-layer that the stream may have; None if unknown."""
    sets = _parameter_sets(batch.extradata, length_size)
    for packet in batch.packets:
        sets += [u for u in units_of(packet, length_size) or () if u[0] >> 1 == _SPS]
    return max((unit[2] >> 1 & 7 for unit in sets if len(unit) > 2), default=None)


def _parameter_sets(extradata: bytes, length_size: int) -> list[memoryview]:
    """Returns the sequence parameter sets in the extradata."""
    if length_size == 0:
        return [unit for unit in split(extradata, 0) or () if unit[0] >> 1 & 63 == _SPS]
    view = memoryview(extradata)
    sets, at = [], 23
    for _ in range(extradata[22]):
        count = int.from_bytes(view[at + 1 : at + 3], "big")
        at += 3
        for _ in range(count):
            end = at + 2 + int.from_bytes(view[at : at + 2], "big")
            if at + 2 > len(view) or end > len(view):
                return []
            sets.append(view[at + 2 : end])
            at = end
    return [unit for unit in sets if len(unit) > 2 and unit[0] >> 1 == _SPS]
