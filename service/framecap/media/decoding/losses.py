"""Packets that were fed to a decoder and gave no frame.

A decoder refuses some packets that it cannot decode, and skips others silently. Both are
undecodable. Packets that rightly have no frame of their own are not counted:

- packets that an edit list hides (flagged to be discarded);
- packets fed before the first keyframe, or with a picture that appears before the first frame: no
  decoder can show them;
- the second field of a frame, and a packet that continues the picture of the one before it;
- frames that are coded as hidden (VP8, VP9), HEVC's leading pictures that refer to pictures before
  the start of decoding, pictures that HEVC's next keyframe discards, MPEG-4's empty VOPs;
- packets of headers alone;
- tiles of a still picture: together they make one frame, and none may be missing.

Decoders of codecs that are not listed here may skip packets by their own rules: there only refused
packets count.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from av.packet import Packet
from av.video.frame import VideoFrame

from framecap._bitstream.av1 import obus
from framecap.media.bitstream.units import counted_length, units_of
from framecap.media.containers.container import Container, PacketFlags
from framecap.media.decoding.skipping import hevc

_UNITS: Final = frozenset({"h264", "hevc"})
_START_CODES: Final = frozenset({"mpeg1video", "mpeg2video", "mpeg4"})
_CODECS: Final = _UNITS | _START_CODES | {"vp8", "vp9", "av1", "mjpeg", "prores"}

# No decoder of these keeps a frame back for more packets than this.
_HELD_BACK: Final = 32

_START: Final = re.compile(rb"\x00\x00\x01.", re.DOTALL)
_PICTURES: Final = {"mpeg1video": 0x00, "mpeg2video": 0x00, "mpeg4": 0xB6}

# The most bytes behind the start code of an MPEG-4 VOP that is not coded: a coded one has more.
_EMPTY_VOP_BYTES: Final = 5

_RASL: Final = (8, 9)
_LAST_H264_SLICE: Final = 5
_H264_IDR: Final = 5
_HEVC_IRAP: Final = range(16, 24)

# OBU_FRAME_HEADER and OBU_FRAME.
_AV1_FRAMES: Final = (3, 6)
_FIRST_HEVC_HEADER: Final = 32


@dataclass(frozen=True, slots=True, eq=False)
class _Fed:
    packet: Packet[Any]
    number: int
    excused: bool


class Losses:
    """Counts the packets that gave no frame, in a decoding of a whole stream by one thread.

    Args:
        container: The source of the packets.
    """

    def __init__(self, container: Container) -> None:
        self._codec = container.decoder.codec.canonical_name
        self._counts_here = self._codec in _CODECS and container.tiles is None
        self._container = container
        self._waiting: dict[PacketFlags, _Fed] = {}
        self._numbers = 0
        self._begun = False
        self._first: int | None = None
        self._latest: int | None = None
        self._any_frame = False
        self._previous: int | None = None
        self._second_fields: set[int] = set()

    def feed(self, packet: Packet[Any]) -> None:
        """Records a packet that the decoder took."""
        self._numbers += 1
        self._begun = self._begun or packet.is_keyframe
        info = packet.opaque
        if not self._counts_here or not isinstance(info, PacketFlags):
            return
        continues = packet.pts is not None and packet.pts == self._previous
        self._previous = packet.pts
        if self._numbers in self._second_fields:
            self._second_fields.discard(self._numbers)
            continues = True
        if packet.is_keyframe and self._codec == "hevc" and self._discards_earlier(packet):
            self._waiting.clear()
        excused = (
            not self._begun
            or continues
            or packet.is_discard
            or (packet.pts is None and not self._any_frame)
        )
        self._waiting[info] = _Fed(packet, self._numbers, excused)

    def take(self, native: VideoFrame) -> None:
        """Records a decoded frame."""
        if not self._any_frame:
            self._any_frame, self._first = True, native.pts
        self._latest = native.pts
        info = native.opaque
        fed = self._waiting.pop(info, None) if isinstance(info, PacketFlags) else None
        if fed is not None and native.interlaced_frame:
            self._excuse(fed.number + 1)

    def lost(self, *, drained: bool = False) -> int:
        """Returns the number of packets found to be lost since the last call.

        Args:
            drained: True once the decoder was drained.
        """
        found = 0
        while self._waiting and (drained or len(self._waiting) > _HELD_BACK):
            fed = self._waiting.pop(next(iter(self._waiting)))
            found += self._is_lost(fed)
        return found

    def passed(self) -> int:
        """Returns the number of further lost packets when decoding ends early.

        A decoder gives frames in display order, so packets with earlier pts than its latest frame
        gave none.
        """
        latest = self._latest
        return sum(
            latest is not None
            and fed.packet.pts is not None
            and fed.packet.pts < latest
            and self._is_lost(fed)
            for fed in self._waiting.values()
        )

    def _is_lost(self, fed: _Fed) -> bool:
        return (
            not fed.excused
            and not self._is_leading(fed.packet)
            and has_picture(self._container, fed.packet)
        )

    def _excuse(self, number: int) -> None:
        """Excuses a packet as the second field of the frame that was just decoded."""
        for info, fed in self._waiting.items():
            if fed.number == number:
                del self._waiting[info]
                return
        if number > self._numbers:
            self._second_fields.add(number)

    def _is_leading(self, packet: Packet[Any]) -> bool:
        return packet.pts is not None and self._first is not None and packet.pts < self._first

    def _discards_earlier(self, packet: Packet[Any]) -> bool:
        return hevc.discards_earlier(self._container.decoder.extradata or b"", packet)


def has_picture(container: Container, packet: Packet[Any]) -> bool:
    """Returns whether a packet by itself should have given a frame.

    True also for a packet whose bytes make no sense.
    """
    codec = container.decoder.codec.canonical_name
    if codec not in _CODECS or packet.size == 0 or packet.is_discard:
        return False
    if codec in _UNITS:
        return _has_slices(codec, container.decoder.extradata or b"", packet)
    if codec in _START_CODES:
        return _has_coded_picture(codec, bytes(packet))
    first = memoryview(packet)[0]
    if codec == "vp8":
        return bool(first & 0x10) or not first & 1
    if codec == "vp9":
        return _is_shown_vp9(bytes(packet))
    return True


def is_unparsable(container: Container, packet: Packet[Any]) -> bool:
    """Returns whether a packet has no syntax of its codec: no NAL unit, no start code."""
    codec = container.decoder.codec.canonical_name
    if packet.size == 0 or packet.is_discard:
        return False
    if codec in _UNITS:
        extradata = container.decoder.extradata or b""
        return not units_of(packet, counted_length(codec, extradata))
    return codec in _START_CODES and _START.search(bytes(packet)) is None


def may_refer_to_others(container: Container, packet: Packet[Any]) -> bool:
    """Returns whether a packet's picture may refer to others, by its bytes.

    False if they make no sense, and for codecs whose pictures are not inspected here.
    """
    codec = container.decoder.codec.canonical_name
    if packet.size == 0:
        return False
    if codec in _UNITS:
        units = units_of(packet, counted_length(codec, container.decoder.extradata or b""))
        if not units:
            return False
        if codec == "h264":
            return all(unit[0] & 31 != _H264_IDR for unit in units)
        return not any(
            len(unit) > 1 and _layer(unit) == 0 and unit[0] >> 1 in _HEVC_IRAP for unit in units
        )
    data = bytes(packet)
    if codec in _START_CODES:
        _, found, picture = data.partition(b"\0\0\1" + bytes([_PICTURES[codec]]))
        if not found or len(picture) < 2:
            return False
        if codec == "mpeg4":
            return picture[0] >> 6 != 0
        return picture[1] >> 3 & 7 != 1
    if codec == "vp8":
        return bool(data[0] & 1)
    if codec == "av1":
        return _refers_av1(data)
    return codec == "vp9" and _is_inter_vp9(data)


def _has_slices(codec: str, extradata: bytes, packet: Packet[Any]) -> bool:
    units = units_of(packet, counted_length(codec, extradata))
    if not units:
        return True
    if codec == "h264":
        kinds = {unit[0] & 31 for unit in units}
        return 0 in kinds or any(1 <= kind <= _LAST_H264_SLICE for kind in kinds)
    base = {unit[0] >> 1 for unit in units if len(unit) > 1 and _layer(unit) == 0}
    slices = {kind for kind in base if kind < _FIRST_HEVC_HEADER}
    return bool(slices) and not slices <= set(_RASL)


def _layer(unit: memoryview) -> int:
    return (unit[0] & 1) << 5 | unit[1] >> 3


def _has_coded_picture(codec: str, data: bytes) -> bool:
    starts = list(_START.finditer(data))
    pictures = [start for start in starts if start[0][3] == _PICTURES[codec]]
    if not pictures:
        return not starts
    return codec != "mpeg4" or len(data) - pictures[0].end() > _EMPTY_VOP_BYTES


def _is_shown_vp9(data: bytes) -> bool:
    if data[0] >> 6 != 2 or data[-1] & 0xE0 == 0xC0:
        # No frame at all, or several of which the last is shown.
        return True
    shows_existing, _, shown = _header_vp9(data)
    return shows_existing or shown


def _is_inter_vp9(data: bytes) -> bool:
    shows_existing, inter, _ = _header_vp9(data)
    return data[0] >> 6 == 2 and (shows_existing or inter)


def _refers_av1(data: bytes) -> bool:
    """Returns whether the first frame of a temporal unit is not of type KEY_FRAME."""
    for kind, _, _, _, payload, end in obus(data) or ():
        if kind in _AV1_FRAMES and payload < end:
            # show_existing_frame, and the two bits of frame_type, which is 0 of keyframes.
            return data[payload] >> 5 != 0
    return False


def _header_vp9(data: bytes) -> tuple[bool, bool, bool]:
    """Returns the bits show_existing_frame, frame_type (1 for inter) and show_frame."""
    bits = int.from_bytes(data[:2].ljust(2, b"\0"), "big")
    profile = bits >> 13 & 1 | bits >> 11 & 2
    at = 10 if profile == 3 else 11
    return bool(bits >> at & 1), bool(bits >> (at - 1) & 1), bool(bits >> (at - 2) & 1)
