"""Intra-only codecs: leaves out every picture that is not wanted."""

from __future__ import annotations

from typing import Any, Final

from av.packet import Packet

from framecap.media.decoding.skipping.feed import Feed, PacketBatch

CODECS: Final = frozenset(
    {
        "dnxhd",
        "dvvideo",
        "ffvhuff",
        "huffyuv",
        "jpeg2000",
        "magicyuv",
        "png",
        "prores",
        "qoi",
        "v210",
    }
)
"""Canonical names. Codecs with packets that can depend on earlier ones, like FFV1, are not here."""

_QUANTISATION: Final = b"\xff\xdb"
_SCAN: Final = b"\xff\xda"


def rule(batch: PacketBatch) -> list[Feed]:
    """Drops every packet that is not wanted."""
    return [
        Feed(packet if wanted else None)
        for packet, wanted in zip(batch.packets, batch.wanted, strict=True)
    ]


def rule_mjpeg(batch: PacketBatch) -> list[Feed] | None:
    """Drops every packet that is not wanted; None if one may use the tables of an earlier one.

    Huffman tables may be missing: the decoder then uses those of the standard.
    """
    pairs = zip(batch.packets, batch.wanted, strict=True)
    own = all(_has_tables(packet) for packet, wanted in pairs if wanted)
    return rule(batch) if own else None


def _has_tables(packet: Packet[Any]) -> bool:
    header, _, _ = bytes(packet).partition(_SCAN)
    return _QUANTISATION in header
