"""VP8: libav skips pictures on which no later picture depends.

Their packets are still fed, since later frames depend on state that their headers set: libav reads
the headers and skips the rest. It decides by the references that a frame refreshes, and ignores
copies from one reference to another and the segment map. So only frames that change neither are
left to it.
"""

from __future__ import annotations

from typing import Any

from av.packet import Packet

from framecap._bitstream.vp8 import unreferenced
from framecap.media.decoding.skipping.feed import Feed, PacketBatch


def rule(batch: PacketBatch) -> list[Feed]:
    """Leaves out the pictures that are neither wanted nor referred to."""
    return [
        Feed(packet, references_only=not wanted and _is_unreferenced(packet))
        for packet, wanted in zip(batch.packets, batch.wanted, strict=True)
    ]


def _is_unreferenced(packet: Packet[Any]) -> bool:
    return packet.size > 0 and unreferenced(memoryview(packet))
