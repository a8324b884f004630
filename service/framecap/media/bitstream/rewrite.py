"""Packets with changed bytes."""

from __future__ import annotations

from typing import Any

from av.packet import Packet


def rewritten(packet: Packet[Any], data: bytes) -> Packet[Any]:
    """Returns a packet with other bytes, and the times, keyframe flag and `opaque` of the original.

    Side data is not copied: it describes the original bytes.

    Args:
        packet: The original packet.
        data: The bytes of the new packet.
    """
    made: Packet[Any] = Packet(data)
    made.pts, made.dts = packet.pts, packet.dts
    if packet.time_base is not None:
        made.time_base = packet.time_base
    made.duration = packet.duration
    made.is_keyframe = packet.is_keyframe
    made.opaque = packet.opaque
    return made
