"""Headers in packets, before the picture, that a decoder keeps for later packets.

These are parameter sets, sequence headers and quantiser matrices. A flush does not clear them, so a
decoder keeps those of the packet that it decoded last, anywhere in the stream. Packets are
untrusted: bytes that are not consistent count as no header.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, TypeAlias

from av.packet import Packet

Buffer: TypeAlias = bytes | memoryview

# Alpha in WebM: Matroska's BlockAdditional, behind a number for its kind (BlockAddID).
_ADDITION: Final = "matroska_block_additional"
_ADDITION_ID_BYTES: Final = 8

_START_CODE: Final = re.compile(rb"\x00\x00\x01")

# The most units of a packet that are searched for the picture behind its headers.
_MAX_UNITS: Final = 256

X264: Final = 6
"""The kind of header in which x264 names its build: an SEI message of H.264."""

_X264_UUID: Final = bytes.fromhex("dc45e9bde6d948b7962cd820d923eeef")
_X264_BUILD: Final = re.compile(rb"x264 - core (\d{1,4})")


@dataclass(frozen=True, slots=True)
class Header:
    """One header."""

    kind: int
    """Its kind, by its codec's own numbers."""

    data: bytes
    """Its bytes, without the start code or length that separates it from the next."""

    required: bool = True
    """False if a set of headers is complete without it."""


class Syntax(ABC):
    """Finds the headers of one codec.

    Args:
        extradata: The decoder's extradata, as the container gives it.
    """

    joins: ClassVar[bool] = True
    """True if decoders accept a packet with further headers put before it."""

    def __init__(self, extradata: bytes) -> None:
        self._extradata = extradata

    @abstractmethod
    def of_packet(self, packet: Packet[Any]) -> tuple[Header, ...]:
        """Returns the headers before a packet's picture, in their order."""

    def of_extradata(self) -> tuple[Header, ...]:
        """Returns the headers in the container's extradata."""
        return ()

    @abstractmethod
    def joined(self, headers: Sequence[Header]) -> bytes:
        """Returns headers as the bytes of a packet."""


def is_complete(own: Sequence[Header], first: Sequence[Header]) -> bool:
    """Returns whether a packet's headers replace all headers before it.

    Args:
        own: The packet's headers.
        first: The headers of the stream's first packet.
    """
    if not own or not first:
        return False
    if own == first:
        return True
    lacking = Counter(header.kind for header in first if header.required)
    lacking.subtract(header.kind for header in own)
    return max(lacking.values(), default=0) <= 0


def syntax_of(codec: str, extradata: bytes) -> Syntax | None:
    """Returns the header syntax of a codec; None if its keyframes need no headers of others.

    Args:
        codec: libavcodec's canonical name.
        extradata: The decoder's extradata, as the container gives it.
    """
    syntax = _SYNTAXES.get(codec)
    return None if syntax is None else syntax(extradata)


def starts_alpha(packet: Packet[Any], codec: str) -> bool:
    """Returns whether the alpha beside a WebM picture is a keyframe too.

    Args:
        packet: The packet.
        codec: The codec of picture and alpha, by libavcodec's canonical name.
    """
    if not packet.has_sidedata(_ADDITION):
        return False
    frame = bytes(packet.get_sidedata(_ADDITION))[_ADDITION_ID_BYTES:]
    if not frame:
        return False
    if codec == "vp8":
        return frame[0] & 1 == 0
    # VP9: frame_marker, the profile's two bits, in profile 3 another; show_existing_frame and
    # frame_type, which is 0 in keyframes.
    shift = 1 if frame[0] & 0x30 == 0x30 else 2
    return frame[0] & 0xC0 == 0x80 and frame[0] >> shift & 3 == 0


class _NAL(Syntax):
    """H.264 and HEVC: NAL units with a type, after a start code or their length."""

    def __init__(self, extradata: bytes) -> None:
        super().__init__(extradata)
        self._length_size = self._find_length_size()

    def of_packet(self, packet: Packet[Any]) -> tuple[Header, ...]:
        view = memoryview(packet)
        size = self._length_size
        if len(view) > size > 0 and self._is_picture(view[size]):
            return ()
        return tuple(
            self._headers(_counted(view, size) if size else _started(view, self._is_picture))
        )

    def of_extradata(self) -> tuple[Header, ...]:
        if self._length_size:
            return tuple(self._headers(self._in_record()))
        return tuple(self._headers(_started(self._extradata, self._is_picture)))

    def joined(self, headers: Sequence[Header]) -> bytes:
        size = self._length_size
        return b"".join(
            (len(header.data).to_bytes(size, "big") if size else b"\0\0\0\1") + header.data
            for header in headers
        )

    def _headers(self, units: Iterator[Buffer]) -> Iterator[Header]:
        for number, unit in enumerate(units):
            if len(unit) == 0:
                continue
            if self._is_picture(unit[0]) or number == _MAX_UNITS:
                return
            kind = self._kind(unit)
            if kind is not None:
                yield Header(kind, bytes(unit).rstrip(b"\0"), required=self._is_required(kind))

    @abstractmethod
    def _find_length_size(self) -> int:
        """Returns the size of the length before each unit, in bytes; 0 for start codes."""

    @abstractmethod
    def _in_record(self) -> Iterator[Buffer]:
        """Yields the units in the container's configuration record (avcC, hvcC)."""

    @abstractmethod
    def _is_picture(self, first: int) -> bool:
        """Returns whether a unit belongs to a picture, by its first byte."""

    @abstractmethod
    def _kind(self, unit: Buffer) -> int | None:
        """Returns a unit's kind of header; None if it is no header."""

    def _is_required(self, kind: int) -> bool:
        return True


class _H264(_NAL):
    def _find_length_size(self) -> int:
        data = self._extradata
        return (data[4] & 3) + 1 if len(data) > 6 and data[0] == 1 else 0

    def _in_record(self) -> Iterator[Buffer]:
        data, at = self._extradata, 5
        for mask in (31, 255):
            if at >= len(data):
                return
            count, at = data[at] & mask, at + 1
            for _ in range(count):
                end = at + 2 + int.from_bytes(data[at : at + 2], "big")
                yield data[at + 2 : end]
                at = end

    def _is_picture(self, first: int) -> bool:
        return 1 <= first & 31 <= 5

    def _kind(self, unit: Buffer) -> int | None:
        kind = unit[0] & 31
        if kind == X264:
            return kind if x264_build(bytes(unit)) is not None else None
        # Parameter sets of sequence and picture, and their extensions.
        return kind if kind in (7, 8, 13, 15) else None

    def _is_required(self, kind: int) -> bool:
        return kind != X264


def x264_build(unit: bytes) -> int | None:
    """Returns the build of x264 that an SEI unit names; None if it names none."""
    if _X264_UUID not in unit[:32]:
        return None
    found = _X264_BUILD.search(unit)
    return None if found is None else int(found[1])


class _HEVC(_NAL):
    def _find_length_size(self) -> int:
        data = self._extradata
        counted = len(data) > 22 and data[:3] not in (b"\0\0\0", b"\0\0\1")
        return (data[21] & 3) + 1 if counted else 0

    def _in_record(self) -> Iterator[Buffer]:
        data, at = self._extradata, 23
        for _ in range(data[22]):
            count = int.from_bytes(data[at + 1 : at + 3], "big")
            at += 3
            for _ in range(count):
                end = at + 2 + int.from_bytes(data[at : at + 2], "big")
                if end > len(data):
                    return
                yield data[at + 2 : end]
                at = end

    def _is_picture(self, first: int) -> bool:
        return first >> 1 & 63 < 32

    def _kind(self, unit: Buffer) -> int | None:
        kind = unit[0] >> 1 & 63
        # Parameter sets of video, sequence and picture.
        return kind if kind in (32, 33, 34) else None


class _Coded(Syntax):
    """MPEG: sections after start codes, with their kind in the first byte."""

    def of_packet(self, packet: Packet[Any]) -> tuple[Header, ...]:
        return tuple(self._headers(_started(memoryview(packet), self._is_picture)))

    def of_extradata(self) -> tuple[Header, ...]:
        return tuple(self._headers(_started(self._extradata, self._is_picture)))

    def joined(self, headers: Sequence[Header]) -> bytes:
        return b"".join(b"\0\0\1" + header.data for header in headers)

    def _headers(self, sections: Iterator[Buffer]) -> Iterator[Header]:
        for number, section in enumerate(sections):
            if len(section) == 0:
                continue
            if self._is_picture(section[0]) or number == _MAX_UNITS:
                return
            header = self._header(section)
            if header is not None:
                yield header

    @abstractmethod
    def _is_picture(self, kind: int) -> bool:
        """Returns whether a section of this kind begins a picture, so that headers end."""

    @abstractmethod
    def _header(self, section: Buffer) -> Header | None:
        """Returns a section as a header; None if it is none."""


class _MPEG2(_Coded):
    """MPEG-1 and -2. A sequence header resets quantiser matrices that it does not carry."""

    def _is_picture(self, kind: int) -> bool:
        return 0x01 <= kind <= 0xAF

    def _header(self, section: Buffer) -> Header | None:
        if section[0] == 0xB3:
            return Header(0xB3, bytes(section))
        if section[0] != 0xB5 or len(section) < 2:
            return None
        extension = section[1] >> 4
        # Extensions of the sequence: itself, its display, its quantiser matrices, its layers.
        if extension not in (1, 2, 3, 5):
            return None
        return Header(0xB500 | extension, bytes(section), required=extension != 3)


class _MPEG4(_Coded):
    """MPEG-4 part 2. User data names the encoder; the decoder works around its bugs."""

    def _is_picture(self, kind: int) -> bool:
        return kind in (0xB3, 0xB6)

    def _header(self, section: Buffer) -> Header | None:
        kind = section[0]
        if kind in (0xB0, 0xB2, 0xB5):
            return Header(kind, bytes(section))
        # Video objects and their layers, each numbered.
        return Header(kind & 0xF0, bytes(section)) if kind < 0x30 else None


class _MJPEG(Syntax):
    """Motion JPEG: tables, which later pictures may use."""

    joins = False

    def of_packet(self, packet: Packet[Any]) -> tuple[Header, ...]:
        return tuple(_tables(memoryview(packet)))

    def joined(self, headers: Sequence[Header]) -> bytes:
        raise AssertionError("a JPEG begins with its own marker")


_SYNTAXES: Final[dict[str, type[Syntax]]] = {
    "h264": _H264,
    "hevc": _HEVC,
    "mpeg1video": _MPEG2,
    "mpeg2video": _MPEG2,
    "mpeg4": _MPEG4,
    "mjpeg": _MJPEG,
}
"""By libavcodec's canonical names."""


def _started(data: Buffer, is_picture: Callable[[int], bool]) -> Iterator[Buffer]:
    """Yields the sections between start codes, up to a picture.

    Pictures are large, so they are not searched for their end.
    """
    begin: int | None = None
    for found in _START_CODE.finditer(data):
        if begin is not None:
            yield data[begin : found.start()]
        begin = found.end()
        if begin == len(data) or is_picture(data[begin]):
            return
    if begin is not None:
        yield data[begin:]


def _counted(data: Buffer, length_size: int) -> Iterator[Buffer]:
    """Yields the units behind their lengths."""
    at = 0
    while at + length_size < len(data):
        begin = at + length_size
        at = begin + int.from_bytes(data[at:begin], "big")
        yield data[begin:at]


def _tables(data: Buffer) -> Iterator[Header]:
    """Yields the quantiser and Huffman tables of a JPEG."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xDA:
        kind, end = data[at + 1], at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if kind in (0xC4, 0xDB):
            yield Header(kind, bytes(data[at:end]))
        at = end
