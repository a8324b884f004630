"""MPEG-1, -2 and -4: libav skips B pictures, to which no picture refers.

They are still fed, so that the decoder reads their headers: an MPEG-4 decoder takes the distance of
fields from the first B picture.
"""

from __future__ import annotations

import re
from typing import Any, Final

from av.packet import Packet

from framecap.media.decoding.skipping.feed import Feed, PacketBatch

_VOP: Final = b"\0\0\1\xb6"

# The user data by which DivX says that it packs a P and a B picture into one packet.
_PACKED: Final = re.compile(rb"DivX[0-9]+(?:b|Build)[0-9]+p")


def rule(batch: PacketBatch) -> list[Feed]:
    """Leaves out the B pictures that are not wanted."""
    return [
        Feed(packet, references_only=not wanted)
        for packet, wanted in zip(batch.packets, batch.wanted, strict=True)
    ]


def rule_mpeg4(batch: PacketBatch) -> list[Feed] | None:
    """Leaves out the B pictures that are not wanted; None if packets hold several pictures.

    A decoder keeps the second picture of such a packet, and returns it for a later packet.
    """
    if _PACKED.search(batch.extradata) or any(map(_is_packed, batch.packets)):
        return None
    return rule(batch)


def _is_packed(packet: Packet[Any]) -> bool:
    data = bytes(packet)
    first = data.find(_VOP)
    return data.find(_VOP, first + 1) >= 0 or _PACKED.search(data, 0, max(0, first)) is not None
