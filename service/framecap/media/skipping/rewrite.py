"""Packets made of parts of other packets."""

from __future__ import annotations

from typing import Any

from av.packet import Packet


def rewritten(packet: Packet[Any], data: bytes) -> Packet[Any]:
    """Returns a packet with the times and marks of another, and bytes of its own.

    Its side data stays behind: that describes the packet as it was.
    """
    made: Packet[Any] = Packet(data)
    made.pts, made.dts = packet.pts, packet.dts
    if packet.time_base is not None:
        made.time_base = packet.time_base
    made.duration = packet.duration
    made.is_keyframe = packet.is_keyframe
    made.opaque = packet.opaque
    return made
