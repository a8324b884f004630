"""Seeks to a keyframe at or before a moment, and verifies the result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from av.packet import Packet

from framecap.media.bitstream.configuration import changes_stream
from framecap.media.containers.container import Container
from framecap.media.containers.index import Index
from framecap.media.fast_path import FastPathUnavailable
from framecap.timebase import Pts

# How much earlier, in seconds, to seek again when a seek ended too late: a backward seek in a
# transport stream, or in HEVC, may end behind the wanted keyframe.
_EARLIER: Final = (0, 1, 4, 16)

# The most packets read for a keyframe after a seek; only a very long GOP has more.
_MAX_PACKETS: Final = 4096


@dataclass(frozen=True, slots=True, eq=False)
class SeekResult:
    """The outcome of a seek to a keyframe."""

    key: Packet[Any]
    """The keyframe's packet; the container continues behind it."""

    repairs: int
    """Seeks that ended too late and were repeated from earlier."""


def keyframe_before(container: Container, moment: Pts, *, first: Pts, index: Index) -> SeekResult:
    """Seeks to a keyframe at or before `moment`.

    Args:
        container: The open container.
        moment: A moment at or after `first`.
        first: The pts of the first frame, a keyframe.
        index: The known keyframes.

    Raises:
        FastPathUnavailable: No such keyframe is found.
        av.error.FFmpegError: The container cannot seek, or cannot be read further.
    """
    repairs = 0
    if index.learned:
        # A seek to `moment` ends at any packet, and the next keyframe would lie behind it.
        container.seek(_known_before(index, moment))
        packet = _keyframe_here(container, moment, index)
        if packet is not None:
            return SeekResult(packet, repairs)
    for seconds in _EARLIER:
        sought = moment - int(seconds / container.time_base)
        if seconds and sought <= first:
            break
        container.seek(sought)
        packet = _keyframe_here(container, moment, index)
        if packet is not None:
            return SeekResult(packet, repairs)
        repairs += 1
    container.rewind(first)
    packet = _keyframe_here(container, moment, index)
    if packet is None:
        raise FastPathUnavailable("no keyframe is found where one should be")
    return SeekResult(packet, repairs)


def check_first(packet: Packet[Any], first: Pts, position: int | None) -> None:
    """Checks that a packet with the first frame's pts is the first frame's.

    An appended recording may repeat all times of the first one.

    Args:
        packet: The packet of a keyframe that a seek found.
        first: The pts of the first frame.
        position: The file offset of the first frame's packet; None when not known.

    Raises:
        FastPathUnavailable: It is the packet of another frame.
    """
    if packet.pts == first and position is not None and packet.pos not in (None, position):
        raise FastPathUnavailable("another frame has the time of the first")


def check_stream(container: Container, packet: Packet[Any]) -> None:
    """Checks that a packet does not reconfigure its decoder: other decoders would not get it.

    Raises:
        FastPathUnavailable: It reconfigures the decoder.
    """
    if changes_stream(packet, container.decoder.extradata):
        raise FastPathUnavailable("from here on decoders need another configuration")
    if container.starts is not None:
        container.starts.check(packet)


def _keyframe_here(container: Container, moment: Pts, index: Index) -> Packet[Any] | None:
    packet = _next_keyframe(container)
    if packet is None or _appears_by(packet, moment):
        return packet
    if packet.dts is None or not index.knows_keyframes:
        return None
    # The index is ordered by dts: a keyframe may be decoded before `moment` and shown after it.
    before = packet.dts - 1
    container.seek(_known_before(index, before) if index.learned else before)
    packet = _next_keyframe(container)
    return packet if packet is not None and _appears_by(packet, moment) else None


def _known_before(index: Index, moment: Pts) -> Pts:
    """Returns the dts of the last known keyframe at or before `moment`; `moment` without one."""
    key = index.key_before(moment)
    return moment if key is None else key


def _appears_by(packet: Packet[Any], moment: Pts) -> bool:
    if packet.is_discard:
        # An edit ends here: no picture from here on is shown.
        return False
    return packet.pts is not None and packet.pts <= moment


def _next_keyframe(container: Container) -> Packet[Any] | None:
    for number, packet in enumerate(container.packets()):
        if packet.size == 0 or number > _MAX_PACKETS:
            return None
        check_stream(container, packet)
        if container.starts_at(packet):
            return packet
    return None
