"""NAL units of H.264 and HEVC, and the SEI messages in them."""

from __future__ import annotations

from typing import Any

from av.packet import Packet

from framecap._bitstream import nal


def unescaped(unit: memoryview) -> bytes:
    """Returns a unit without its emulation prevention bytes."""
    return bytes(unit).replace(b"\0\0\3", b"\0\0")


def split(data: bytes | memoryview, length_size: int) -> list[memoryview] | None:
    """Returns a packet's units, headers included; None if they cannot be parsed."""
    view = memoryview(data)
    found = nal.units(view, length_size) if len(view) else None
    return None if found is None else [view[begin:end] for begin, end in found]


def units_of(packet: Packet[Any], length_size: int) -> list[memoryview] | None:
    """Returns the units of a packet; None if they cannot be parsed."""
    return split(memoryview(packet), length_size) if packet.size else None


def joined(units: list[memoryview], length_size: int) -> bytes:
    """Returns units as the bytes of a packet."""
    if length_size == 0:
        return b"".join(b"\0\0\0\1" + bytes(unit) for unit in units)
    return b"".join(len(unit).to_bytes(length_size, "big") + bytes(unit) for unit in units)


def sei_types(payload: bytes) -> set[int] | None:
    """Returns the types of the messages in an SEI unit; None if they cannot be parsed.

    Args:
        payload: The unit without its header and emulation prevention bytes.
    """
    payload = payload.rstrip(b"\0")
    if not payload or payload[-1] != 0x80:
        return None
    types = set()
    at, end = 0, len(payload) - 1
    while at < end:
        numbers = []
        for _ in range(2):
            number = 0
            while at < end and payload[at] == 0xFF:
                number += 0xFF
                at += 1
            if at >= end:
                return None
            numbers.append(number + payload[at])
            at += 1
        types.add(numbers[0])
        at += numbers[1]
    return types if at == end else None


def counted_length(codec: str, extradata: bytes) -> int:
    """Returns the size of the length before each unit, in bytes; 0 for start codes.

    Args:
        codec: libavcodec's canonical name.
        extradata: The decoder's extradata, as the container gives it.
    """
    if codec == "hevc":
        counted = len(extradata) > 22 and extradata[:3] not in (b"\0\0\0", b"\0\0\1")
        return (extradata[21] & 3) + 1 if counted else 0
    return (extradata[4] & 3) + 1 if len(extradata) > 6 and extradata[0] == 1 else 0
