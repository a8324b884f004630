"""Headers of AV1, written field by field as section 5 of its specification lists them."""

from __future__ import annotations

from dataclasses import dataclass

KEY, INTER, INTRA_ONLY, SWITCH = range(4)
SELECT = 2


class Writer:
    """Bits, highest first."""

    def __init__(self) -> None:
        self.bits = ""

    def put(self, value: int, count: int) -> None:
        assert 0 <= value < 1 << count
        self.bits += f"{value:0{count}b}" if count else ""

    def put_uvlc(self, value: int) -> None:
        text = f"{value + 1:b}"
        self.bits += "0" * (len(text) - 1) + text

    def bytes(self) -> bytes:
        """Returns the bits, a one, and zeros up to a whole byte."""
        text = self.bits + "1"
        text += "0" * (-len(text) % 8)
        return int(text, 2).to_bytes(len(text) // 8, "big")


@dataclass(frozen=True, kw_only=True)
class SequenceFields:
    """What a sequence header says, of that which moves something in it or in frame headers."""

    reduced: bool = False
    timing: bool = False
    equal_interval: bool = False
    ticks: int = 0
    model: bool = False
    removal_bits: int = 8
    time_bits: int = 9
    display_delay: bool = False
    points: tuple[int, ...] = (0,)
    points_with_model: tuple[bool, ...] = (False,)
    levels: tuple[int, ...] = (5,)
    size_bits: tuple[int, int] = (8, 7)
    ids: bool = False
    delta_id_bits: int = 5
    id_bits: int = 7
    order_bits: int = 7
    screen_content: int = SELECT
    integer_mv: int = SELECT

    def write(self) -> bytes:
        w = Writer()
        w.put(0, 3)  # seq_profile
        w.put(int(self.reduced), 1)  # still_picture
        w.put(int(self.reduced), 1)
        if self.reduced:
            w.put(5, 5)
        else:
            self._write_points(w)
        for bits in self.size_bits:
            w.put(bits - 1, 4)
        for bits in self.size_bits:
            w.put((1 << bits) - 1, bits)
        if not self.reduced:
            w.put(int(self.ids), 1)
            if self.ids:
                w.put(self.delta_id_bits - 2, 4)
                w.put(self.id_bits - self.delta_id_bits - 1, 3)
        w.put(0, 3)
        if not self.reduced:
            w.put(0b1111, 4)
            w.put(int(self.order_bits > 0), 1)
            if self.order_bits:
                w.put(0b11, 2)
            w.put(int(self.screen_content == SELECT), 1)
            if self.screen_content != SELECT:
                w.put(self.screen_content, 1)
            if self.screen_content:
                w.put(int(self.integer_mv == SELECT), 1)
                if self.integer_mv != SELECT:
                    w.put(self.integer_mv, 1)
            if self.order_bits:
                w.put(self.order_bits - 1, 3)
        return w.bytes()

    def _write_points(self, w: Writer) -> None:
        w.put(int(self.timing), 1)
        if self.timing:
            w.put(1, 32)
            w.put(25, 32)
            w.put(int(self.equal_interval), 1)
            if self.equal_interval:
                w.put_uvlc(self.ticks)
            w.put(int(self.model), 1)
            if self.model:
                w.put(4, 5)  # buffer_delay_length_minus_1
                w.put(1, 32)
                w.put(self.removal_bits - 1, 5)
                w.put(self.time_bits - 1, 5)
        w.put(int(self.display_delay), 1)
        w.put(len(self.points) - 1, 5)
        for point, has_model, level in zip(
            self.points, self.points_with_model, self.levels, strict=True
        ):
            w.put(point, 12)
            w.put(level, 5)
            if level > 7:
                w.put(1, 1)
            if self.timing and self.model:
                w.put(int(has_model), 1)
                if has_model:
                    w.put(0b11111_11111_1, 11)
            if self.display_delay:
                w.put(1, 1)
                w.put(9, 4)


@dataclass(frozen=True, kw_only=True)
class FrameFields:
    """What a frame header says before its sizes."""

    existing: int | None = None
    kind: int = INTER
    shown: bool = True
    resilient: bool = False
    screen_content: bool = True
    refreshed: int = 0
    short: bool = False
    names: tuple[int, ...] = (0,) * 7
    removal_times: bool = False

    def write(self, s: SequenceFields, temporal_id: int = 0, spatial_id: int = 0) -> bytes:
        w = Writer()
        times = s.timing and s.model and not s.equal_interval
        resilient = True
        if not s.reduced:
            w.put(int(self.existing is not None), 1)
            if self.existing is not None:
                w.put(self.existing, 3)
                if times:
                    w.put(1, s.time_bits)
                return w.bytes()
            w.put(self.kind, 2)
            w.put(int(self.shown), 1)
            if self.shown and times:
                w.put(1, s.time_bits)
            if not self.shown:
                w.put(1, 1)
            if not self.fixed:
                resilient = self.resilient
                w.put(int(resilient), 1)
        w.put(0, 1)  # disable_cdf_update
        screen_content = s.screen_content == 1
        if s.reduced or s.screen_content == SELECT:
            screen_content = self.screen_content
            w.put(int(screen_content), 1)
        if screen_content and (s.reduced or s.integer_mv == SELECT):
            w.put(1, 1)
        if s.ids and not s.reduced:
            w.put(1, s.id_bits)
        if self.kind != SWITCH and not s.reduced:
            w.put(0, 1)  # frame_size_override_flag
        order_bits = 0 if s.reduced else s.order_bits
        w.put((1 << order_bits) - 1, order_bits)
        intra = self.kind in (KEY, INTRA_ONLY)
        if not intra and not resilient:
            w.put(6, 3)
        if s.timing and s.model and not s.reduced:
            w.put(int(self.removal_times), 1)
            if self.removal_times:
                for point, has_model in zip(s.points, s.points_with_model, strict=True):
                    decoded = point >> temporal_id & 1 and point >> (spatial_id + 8) & 1
                    if has_model and (point == 0 or decoded):
                        w.put(1, s.removal_bits)
        if not self.fixed:
            w.put(self.refreshed, 8)
        if resilient and order_bits and not (intra and (self.fixed or self.refreshed == 255)):
            for _ in range(8):
                w.put(1, order_bits)
        if not intra:
            if order_bits:
                w.put(int(self.short), 1)
            if self.short and order_bits:
                w.put(1, 3)
                w.put(2, 3)
            for name in self.names:
                if not (self.short and order_bits):
                    w.put(name, 3)
                if s.ids:
                    w.put(1, s.delta_id_bits)
        return w.bytes()

    @property
    def fixed(self) -> bool:
        """True of the frames that refresh every slot without saying so."""
        return self.kind == SWITCH or (self.kind == KEY and self.shown)


def obu(kind: int, payload: bytes, *, layer: int | None = None, sized: bool = True) -> bytes:
    """Returns an OBU.

    Args:
        kind: Its obu_type.
        payload: Its payload, below 16384 bytes.
        layer: The extension byte; none where left out.
        sized: False for one that lasts to the packet's end.
    """
    header = bytes([kind << 3 | (layer is not None) << 2 | sized << 1])
    extension = b"" if layer is None else bytes([layer])
    size = bytes([len(payload) & 127 | 128, len(payload) >> 7]) if sized else b""
    return header + extension + size + payload
