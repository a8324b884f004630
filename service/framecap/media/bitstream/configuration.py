"""Side data of packets by which a decoder is configured anew."""

from __future__ import annotations

from typing import Any, Final

from av.packet import Packet

# Side data by which a packet changes the decoder's parameters.
_CHANGES: Final = ("new_extradata", "param_change")


def changes_stream(packet: Packet[Any], extradata: bytes | None) -> bool:
    """Returns whether a packet's side data changes the decoder's parameters.

    Args:
        packet: The packet.
        extradata: The decoder's extradata, as the container gives it.
    """
    return any(
        packet.has_sidedata(kind) and bytes(packet.get_sidedata(kind)) != extradata
        for kind in _CHANGES
    )
