"""Frame headers of VP8, written field by field as section 19.2 of RFC 6386 lists them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Optional = int | None


class Coder:
    """The boolean encoder of the RFC's section 7, in whole numbers of any length."""

    def __init__(self) -> None:
        self._bottom, self._range, self._bits = 0, 255, 0

    def put(self, value: int, count: int = 1) -> None:
        for k in reversed(range(count)):
            split = 1 + ((self._range - 1) * 128 >> 8)
            if value >> k & 1:
                self._bottom += split
                self._range -= split
            else:
                self._range = split
            while self._range < 128:
                self._range <<= 1
                self._bottom <<= 1
                self._bits += 1

    def put_optional(self, values: Sequence[Optional], count: int) -> None:
        for value in values:
            self.put(int(value is not None))
            if value is not None:
                self.put(value, count)

    def bytes(self) -> bytes:
        # The first eight bits of the bottom lie above the bits that were shifted out.
        bits = self._bits + 8
        return (self._bottom << -bits % 8).to_bytes((bits + 7) // 8, "big")


@dataclass(frozen=True, kw_only=True)
class FrameFields:
    """A frame header up to the references it refreshes."""

    key: bool = False
    segments: bool = False
    segment_map: bool = False
    segment_values: tuple[tuple[Optional, ...], tuple[Optional, ...]] | None = None
    map_chances: tuple[Optional, ...] = (None,) * 3
    filter_deltas: bool = False
    deltas: tuple[Optional, ...] | None = None
    quantizers: tuple[Optional, ...] = (None,) * 5
    golden: bool = False
    altref: bool = False
    copy_to_golden: int = 0
    copy_to_altref: int = 0
    entropy: bool = False
    last: bool = False

    @property
    def unreferenced(self) -> bool:
        """True when no later frame depends on the samples or the segments of the frame."""
        copies = (not self.golden and self.copy_to_golden) or (
            not self.altref and self.copy_to_altref
        )
        maps = self.segments and self.segment_map
        return not (self.key or self.golden or self.altref or copies or maps or self.last)

    def write(self) -> bytes:
        c = Coder()
        c.put(int(self.segments))
        if self.segments:
            c.put(int(self.segment_map))
            c.put(int(self.segment_values is not None))
            if self.segment_values is not None:
                c.put(1)
                c.put_optional(self.segment_values[0], 8)
                c.put_optional(self.segment_values[1], 7)
            if self.segment_map:
                c.put_optional(self.map_chances, 8)
        c.put(0b1_101010_011, 10)
        c.put(int(self.filter_deltas))
        if self.filter_deltas:
            c.put(int(self.deltas is not None))
            if self.deltas is not None:
                c.put_optional(self.deltas, 7)
        c.put(0b01_1010101, 9)
        c.put_optional(self.quantizers, 5)
        c.put(int(self.golden))
        c.put(int(self.altref))
        if not self.golden:
            c.put(self.copy_to_golden, 2)
        if not self.altref:
            c.put(self.copy_to_altref, 2)
        c.put(0b10, 2)
        c.put(int(self.entropy))
        c.put(int(self.last))
        coded = c.bytes()
        tag = int(not self.key) | 1 << 4 | len(coded) << 5
        return tag.to_bytes(3, "little") + coded
