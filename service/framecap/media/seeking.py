"""Going to a keyframe at or before a moment, and making sure of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from av.packet import Packet

from framecap.media.container import Container
from framecap.media.fast_path import FastPathUnavailable
from framecap.media.index import Index
from framecap.media.skipping import changes_stream
from framecap.timebase import Pts

# How much earlier, in seconds, to seek when a landing was too late: a backward seek in a transport
# stream, or over HEVC, may land behind the keyframe it was asked for.
_EARLIER: Final = (0, 1, 4, 16)

# Packets to look at for a keyframe after a seek; more between two keyframes is one very long GOP.
_MAX_LOOK: Final = 4096


@dataclass(frozen=True, slots=True, eq=False)
class SeekResult:
    """Where a container stands after going to a keyframe."""

    key: Packet[Any]
    """The keyframe's packet; reading goes on behind it."""

    repairs: int
    """Seeks that landed too late, and were made again from earlier."""


def keyframe_before(container: Container, moment: Pts, *, first: Pts, index: Index) -> SeekResult:
    """Goes to a keyframe at or before `moment`.

    Args:
        container: The open container.
        moment: A moment at or after `first`.
        first: The pts of the first frame, a keyframe.
        index: What is known of where keyframes are.

    Raises:
        FastPathUnavailable: There is none.
        av.error.FFmpegError: The container cannot seek, or not be read on.
    """
    repairs = 0
    if index.learned:
        # The container would seek to any packet, and read on to the keyframe behind the moment.
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
    """Makes sure that what has the time of the first frame is the first frame.

    Another recording behind the first may have all its times.

    Args:
        packet: A keyframe's, which a seek found.
        first: The pts of the first frame.
        position: Where its packet lies in the file, where that is known.

    Raises:
        FastPathUnavailable: It is another.
    """
    if packet.pts == first and position is not None and packet.pos not in (None, position):
        raise FastPathUnavailable("another frame has the time of the first")


def check_stream(container: Container, packet: Packet[Any]) -> None:
    """Makes sure that a packet tells its decoder nothing new: other decoders would not learn of it.

    Raises:
        FastPathUnavailable: It does.
    """
    if changes_stream(packet, container.decoder.extradata):
        raise FastPathUnavailable("from here on decoders must be told something else")
    if container.starts is not None:
        container.starts.check(packet)


def _keyframe_here(container: Container, moment: Pts, index: Index) -> Packet[Any] | None:
    packet = _next_keyframe(container)
    if packet is None or _appears_by(packet, moment):
        return packet
    if packet.dts is None or not index.knows_keyframes:
        return None
    # The index goes by dts: a keyframe may be read before `moment` and shown after it.
    before = packet.dts - 1
    container.seek(_known_before(index, before) if index.learned else before)
    packet = _next_keyframe(container)
    return packet if packet is not None and _appears_by(packet, moment) else None


def _known_before(index: Index, moment: Pts) -> Pts:
    """Returns when the last keyframe at or before `moment` is decoded; that moment without one."""
    key = index.key_before(moment)
    return moment if key is None else key


def _appears_by(packet: Packet[Any], moment: Pts) -> bool:
    if packet.is_discard:
        # An edit list ends there: what is read from here on holds no picture that is shown.
        return False
    return packet.pts is not None and packet.pts <= moment


def _next_keyframe(container: Container) -> Packet[Any] | None:
    for looked, packet in enumerate(container.packets()):
        if packet.size == 0 or looked > _MAX_LOOK:
            return None
        check_stream(container, packet)
        if container.starts_at(packet):
            return packet
    return None
