"""What to give a decoder for one packet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from av.packet import Packet


@dataclass(frozen=True, slots=True, eq=False)
class Feed:
    """What to give a decoder for one packet."""

    packet: Packet[Any] | None
    """The packet, or one made of parts of it; None where nothing of it is needed."""

    references_only: bool = False
    """True: to be decoded with skip_frame NONREF, so without pictures that nothing refers to."""


@dataclass(frozen=True, slots=True, eq=False)
class PacketBatch:
    """Packets of one run that follow one another in decode order."""

    extradata: bytes
    """What the container says of the stream; empty where it says nothing."""

    packets: Sequence[Packet[Any]]
    """The packets; the first is the run's keyframe unless the stretch continues an earlier one."""

    wanted: Sequence[bool]
    """Which of them have a picture that must come out."""

    whole: bool
    """True when the stretch is the whole run, so that no wanted picture is outside."""


Rule = Callable[[PacketBatch], "list[Feed] | None"]
"""Chooses what to feed; None where anything about the stretch is unclear."""
