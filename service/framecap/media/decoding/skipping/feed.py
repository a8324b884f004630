"""Types that the rules of all codecs share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from av.packet import Packet


@dataclass(frozen=True, slots=True, eq=False)
class Feed:
    """The packet to feed to a decoder in place of one packet of the stream."""

    packet: Packet[Any] | None
    """The packet, or one with some of its units; None if nothing of it is needed."""

    references_only: bool = False
    """True to decode it with skip_frame NONREF, which skips pictures that none refers to."""


@dataclass(frozen=True, slots=True, eq=False)
class PacketBatch:
    """Packets of one run that follow one another in decode order."""

    extradata: bytes
    """The decoder's extradata, as the container gives it; may be empty."""

    packets: Sequence[Packet[Any]]
    """The packets; the first is the run's keyframe unless the batch continues an earlier one."""

    wanted: Sequence[bool]
    """For each packet, whether the decoder must return its picture."""

    whole: bool
    """True when the batch is the whole run, so that no wanted picture is outside."""


Rule = Callable[[PacketBatch], "list[Feed] | None"]
"""Returns the feeds of a batch; None if any packet of it cannot be parsed."""
