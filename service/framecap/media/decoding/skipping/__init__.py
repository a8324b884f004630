"""Skipping of packets, or of units in them, that no wanted picture needs.

Each codec has a rule of its own, exact by that codec's specification: no wanted picture refers,
directly or indirectly, to anything left out. A rule that meets syntax it does not understand
reports so, and every packet is fed. Packets are untrusted: a rule checks all that it reads.

VP9 has no rule. A frame takes motion from the frame decoded just before it, and probabilities that
all frames before it shaped, so hardly any frame can be left out, even if no slot holds it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from av.packet import Packet

from framecap.media.bitstream.configuration import changes_stream
from framecap.media.decoding.skipping import av1, h264, hevc, intra, mpeg, vp8
from framecap.media.decoding.skipping.feed import Feed, PacketBatch, Rule

__all__ = ["Feed", "feeds"]

_RULES: Final[dict[str, Rule]] = {
    "av1": av1.rule,
    "h264": h264.rule,
    "hevc": hevc.rule,
    "mjpeg": intra.rule_mjpeg,
    "mpeg1video": mpeg.rule,
    "mpeg2video": mpeg.rule,
    "mpeg4": mpeg.rule_mpeg4,
    "vp8": vp8.rule,
    **dict.fromkeys(intra.CODECS, intra.rule),
}
"""By libavcodec's canonical names. Other codecs have no rule: everything is fed."""


def feeds(
    codec: str,
    extradata: bytes | None,
    packets: Sequence[Packet[Any]],
    wanted: Sequence[bool],
    *,
    whole: bool,
) -> list[Feed]:
    """Returns the feed of each packet, such that the decoder returns every wanted picture.

    The decoder may return unwanted pictures, too.

    Args:
        codec: libavcodec's canonical name.
        extradata: The decoder's extradata, as the container gives it.
        packets: Packets of one run in decode order. The run begins with a keyframe packet and a
            decoder that was just flushed, and its last packet is the last wanted one.
        wanted: For each packet, whether its picture must be returned.
        whole: True when `packets` are the whole run; False when more of it follows, or
            preceded, without a flush.
    """
    rule = _RULES.get(codec)
    if rule is not None and not any(changes_stream(packet, extradata) for packet in packets):
        chosen = rule(PacketBatch(extradata or b"", packets, wanted, whole))
        if chosen is not None:
            return chosen
    return [Feed(packet) for packet in packets]
