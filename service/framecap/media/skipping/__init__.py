"""Skipping on the way to a wanted picture: which packets, or parts of them, a decoder needs.

Each codec has a rule of its own, exact by that codec's own terms: what is left out is nothing
that a wanted picture refers to, directly or not. A rule that meets something it does not
understand says so, and everything is fed. Packets are anyone's bytes; a rule reads them, never
believes them.

VP9 has no rule. A frame takes motion from the frame decoded just before it, and probabilities that
all frames before it shaped, so hardly any can be left out though no slot holds it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from av.packet import Packet

from framecap.media.skipping import av1, h264, hevc, intra, mpeg, vp8
from framecap.media.skipping.feed import Feed, PacketBatch, Rule

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

# Side data by which a packet changes what the decoder knows of the stream.
_CHANGES: Final = ("new_extradata", "param_change")


def feeds(
    codec: str,
    extradata: bytes | None,
    packets: Sequence[Packet[Any]],
    wanted: Sequence[bool],
    *,
    whole: bool,
) -> list[Feed]:
    """Returns what to give the decoder for each packet, so that every wanted picture comes out.

    Pictures that are not wanted may come out too.

    Args:
        codec: libavcodec's canonical name.
        extradata: The decoder's, as the container gives it.
        packets: Packets of one run in decode order. The run begins with a keyframe packet and a
            decoder that was just flushed, and its last packet is the last one wanted.
        wanted: Of each packet, whether its picture must come out.
        whole: True when `packets` are the whole run; False when more of it follows, or came
            before, without a flush.
    """
    rule = _RULES.get(codec)
    if rule is not None and not any(changes_stream(packet, extradata) for packet in packets):
        chosen = rule(PacketBatch(extradata or b"", packets, wanted, whole))
        if chosen is not None:
            return chosen
    return [Feed(packet) for packet in packets]


def changes_stream(packet: Packet[Any], extradata: bytes | None) -> bool:
    """Returns whether a packet tells its decoder something else than it knows from the container.

    Args:
        packet: The packet.
        extradata: The decoder's, as the container gives it.
    """
    return any(
        packet.has_sidedata(kind) and bytes(packet.get_sidedata(kind)) != extradata
        for kind in _CHANGES
    )
