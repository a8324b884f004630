"""The frames of AV1 packets, and the frames that each refers to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from av.packet import Packet

from framecap._bitstream.av1 import Sequence, obus

_Obu = tuple[int, int, int, int, int, int]

_SEQUENCE: Final = 1
_DELIMITER: Final = 2
_FRAME_HEADER: Final = 3
_TILE_GROUP: Final = 4
_METADATA: Final = 5
_FRAME: Final = 6
_REDUNDANT_HEADER: Final = 7
_PADDING: Final = 15

# Light level and mastering display apply until they change.
_LASTING_METADATA: Final = (1, 2)

_ALL: Final = 255
_SLOTS: Final = tuple(tuple(k for k in range(8) if mask >> k & 1) for mask in range(256))
"""The slots of each mask."""


class Unclear(Exception):
    """The packets cannot be parsed, or use syntax that is not supported here."""


@dataclass(slots=True, eq=False)
class CodedFrame:
    """One frame header: a frame that is coded here, or one coded earlier that is shown here."""

    shown: bool

    key: bool
    """True for key frames, including those shown later, and for frames of unknown type."""

    refreshed: int
    """The slots that hold it from here on, as a bit mask."""

    refers_to: list[CodedFrame | None]
    """The frames in the slots that it names; None for an unknown one."""


@dataclass(slots=True, eq=False)
class PacketObu:
    """An OBU of a packet, at [begin, end)."""

    begin: int
    end: int
    frame: CodedFrame | None = None
    """The frame that it belongs to; None if it belongs to none."""

    lasting: bool = False
    """True if it applies to later packets, too."""


@dataclass(slots=True, eq=False)
class Unit:
    """A packet: one temporal unit."""

    obus: list[PacketObu] = field(default_factory=list)
    frames: list[CodedFrame] = field(default_factory=list)
    """In decode order; the last is the one that is shown."""


class Reader:
    """Follows the slots from packet to packet.

    Args:
        extradata: The container's OBUs for the stream, with or without the four bytes of av1C
            before them. Keyframes repeat the sequence header in it.
    """

    def __init__(self, extradata: bytes) -> None:
        self._slots: list[CodedFrame | None] = [None] * 8
        self._sequence: Sequence | None = None
        self._header = b""
        configured = extradata[4:] if extradata[:1] == b"\x81" else extradata
        for kind, _, _, _, payload, end in obus(configured) or ():
            if kind == _SEQUENCE:
                self._start(configured[payload:end])

    def unit(self, packet: Packet[Any]) -> Unit:
        """Returns the OBUs and frames of a packet.

        Raises:
            Unclear: The packet is not one temporal unit that shows one frame.
        """
        data = memoryview(packet) if packet.size else memoryview(b"")
        unit = Unit()
        for obu in obus(data) or ():
            unit.obus.append(self._take(unit, data, obu))
        if not unit.frames or not unit.frames[-1].shown or any(f.shown for f in unit.frames[:-1]):
            raise Unclear
        return unit

    def _take(self, unit: Unit, data: memoryview, obu: _Obu) -> PacketObu:
        """Returns the next OBU of a packet; a frame header adds its frame to the unit."""
        self._check_layers(obu)
        kind, _, _, begin, payload, end = obu
        if kind == _SEQUENCE:
            self._start(bytes(data[payload:end]))
            return PacketObu(begin, end, lasting=True)
        if kind in (_FRAME, _FRAME_HEADER):
            unit.frames.append(self._frame(data, obu))
            return PacketObu(begin, end, frame=unit.frames[-1])
        if kind in (_TILE_GROUP, _REDUNDANT_HEADER):
            if not unit.frames:
                raise Unclear
            return PacketObu(begin, end, frame=unit.frames[-1])
        if kind == _METADATA:
            lasting = payload < end and data[payload] in _LASTING_METADATA
            return PacketObu(begin, end, lasting=lasting)
        if kind not in (_DELIMITER, _PADDING):
            raise Unclear
        return PacketObu(begin, end)

    def _start(self, header: bytes) -> None:
        if header != self._header:
            self._header = header
            self._sequence = Sequence.read(header)
            self._slots = [None] * 8

    def _check_layers(self, obu: _Obu) -> None:
        """Rejects layers: a picture may then be several frames, of which some are not decoded."""
        kind, temporal_id, spatial_id, *_ = obu
        point = self._sequence.operating_point if self._sequence else 0
        decoded = point == 0 or (point >> 8 == 1 and point >> temporal_id & 1)
        if kind not in (_SEQUENCE, _DELIMITER) and (spatial_id or not decoded):
            raise Unclear

    def _frame(self, data: memoryview, obu: _Obu) -> CodedFrame:
        kind, temporal_id, spatial_id, _, payload, end = obu
        if self._sequence is None:
            raise Unclear
        header = self._sequence.frame(data[payload:end], temporal_id, spatial_id)
        if header is None or (header.existing and kind == _FRAME):
            raise Unclear
        if header.existing:
            held = self._slots[header.slot]
            # A key frame that is shown later refreshes every slot at that time.
            key = held is None or held.key
            frame = CodedFrame(True, key, _ALL if key else 0, [held])
        else:
            named = [self._slots[k] for k in _SLOTS[header.named]]
            frame = CodedFrame(header.shown, header.key, header.refreshed, named)
        for k in _SLOTS[frame.refreshed]:
            self._slots[k] = frame
        return frame
