"""VP8: pictures that nothing later depends on are left out by libav when asked.

Their packets are still fed, since later frames depend on what their headers set: libav reads those
and skips the rest. It goes by what a frame refreshes and forgets what a frame copies from one
reference to another, and its map of segments, so only frames that do neither are left to it.
"""

from __future__ import annotations

from typing import Any

from av.packet import Packet

from framecap._bitstream.vp8 import unreferenced
from framecap.media.skipping.feed import Feed, PacketBatch


def rule(batch: PacketBatch) -> list[Feed]:
    """Leaves out the pictures that are neither wanted nor referred to."""
    return [
        Feed(packet, references_only=not wanted and _is_unreferenced(packet))
        for packet, wanted in zip(batch.packets, batch.wanted, strict=True)
    ]


def _is_unreferenced(packet: Packet[Any]) -> bool:
    return packet.size > 0 and unreferenced(memoryview(packet))
