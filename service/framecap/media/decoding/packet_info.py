"""Packets, and facts about their pictures before anything is decoded.

A packet's pts is the time its picture appears; the pts of the picture shown next is the time it
ends. Packets come in decoding order, so the next picture's may be some packets ahead: as many as a
picture is held back for reordering.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final

from av.packet import Packet

from framecap.media.fast_path import FastPathUnavailable
from framecap.model.wanted import Wanted
from framecap.timebase import Pts

# No codec here holds a picture back for more than 16 others. So once 17 pictures appear after a
# moment, no later packet has a picture that appears before the first of them.
_HELD_BACK: Final = 16

# A step between decoding times so many times longer than any before may be an error: it is not
# relied on until the next packet goes on from there.
_LEAP: Final = 16

# The most pts remembered as possible ends of later packets, and packets that await their end.
_REMEMBERED: Final = 64


@dataclass(frozen=True, slots=True, eq=False)
class PacketInfo:
    """A packet with the known facts about its picture."""

    packet: Packet[Any]
    """The packet."""

    pts: Pts
    """When the picture appears."""

    end: Pts | None
    """When the next one replaces it; None for the last of the stream."""

    gap: Pts
    """The time from the picture shown before this one to this one; 0 if unknown."""

    wanted: bool
    """True when the picture must be decoded."""

    key: bool
    """True when the packet is flagged as a keyframe."""

    shown: bool
    """False when an edit list hides the picture, which others may still refer to."""

    feeding: Lock | None = None
    """Held while a decoder takes the packet, if two runs hold it; else None."""


def info(
    packets: Iterable[Packet[Any]],
    wanted: Wanted,
    *,
    dts_bounds: bool,
    durations: bool = False,
    beyond: bool = False,
) -> Iterator[PacketInfo]:
    """Yields infos of packets in their order, until nothing more is wanted.

    Args:
        packets: In decoding order, from a keyframe's on; an empty one is the end.
        wanted: The wanted pictures.
        dts_bounds: True if no picture appears before the dts of its packet. If decoding times are
            guesses of the library, only the number of packets bounds how long pictures are held.
        durations: True if a packet's duration is its picture's. Then the last picture is wanted
            only if it shows a wanted moment; otherwise also if that is not known.
        beyond: True to also yield packets behind the last wanted one, among which one may hold a
            picture shown before it.

    Raises:
        FastPathUnavailable: A time is missing, doubled or impossible.
    """
    packet_infos = _PacketInfos(
        wanted, dts_bounds=dts_bounds and not beyond, durations=durations, beyond=beyond
    )
    return packet_infos.run(packets)


class _PacketInfos:
    def __init__(self, wanted: Wanted, *, dts_bounds: bool, durations: bool, beyond: bool) -> None:
        self._wanted = wanted
        self._beyond = beyond
        self._dts_bounds = dts_bounds
        self._durations = durations
        self._last = wanted.preceding(None)
        self._waiting: deque[Packet[Any]] = deque()
        self._times: list[Pts] = []
        self._dts: Pts | None = None
        self._bound: Pts | None = None
        self._longest_step: Pts = 0

    def run(self, packets: Iterable[Packet[Any]]) -> Iterator[PacketInfo]:
        for packet in packets:
            if packet.size == 0:
                break
            self._take(packet)
            while self._waiting and self._is_known(self._waiting[0]):
                yield self._info(self._waiting.popleft())
            if self._nothing_more():
                if not self._beyond:
                    return
                break
        while self._waiting:
            yield self._info(self._waiting.popleft())

    def _take(self, packet: Packet[Any]) -> None:
        pts, dts = packet.pts, packet.dts
        if pts is None:
            raise FastPathUnavailable("a packet without a time")
        if dts is not None:
            self._advance(dts)
        if self._dts_bounds and (dts is None or dts > pts):
            raise FastPathUnavailable("a picture that appears before it is decoded")
        if not packet.is_discard:
            found = bisect_left(self._times, pts)
            if found < len(self._times) and self._times[found] == pts:
                raise FastPathUnavailable("two pictures at one time")
            if len(self._times) - found > _HELD_BACK:
                # Late, or of another recording that was appended.
                raise FastPathUnavailable("a picture that appears far too early")
            insort(self._times, pts)
            if len(self._times) > _REMEMBERED:
                del self._times[0]
        self._waiting.append(packet)
        if len(self._waiting) > _REMEMBERED:
            raise FastPathUnavailable("a picture whose successor is far too long in coming")

    def _advance(self, dts: Pts) -> None:
        step = 0 if self._dts is None else dts - self._dts
        if step < 0:
            raise FastPathUnavailable("decoding times step back")
        leaps = 0 < self._longest_step * _LEAP < step
        self._bound = self._dts if leaps else dts
        self._dts = dts
        self._longest_step = max(step, self._longest_step)

    def _is_known(self, packet: Packet[Any]) -> bool:
        """Returns whether the picture shown after the first waiting packet's is certain."""
        return self._is_settled(packet.pts or 0)

    def _nothing_more(self) -> bool:
        """Returns whether everything wanted has been yielded."""
        last = self._last
        if last is None or not self._is_settled(last):
            return False
        return all((packet.pts or 0) > last for packet in self._waiting)

    def _is_settled(self, moment: Pts) -> bool:
        """Returns whether the first picture to appear after `moment` is certain."""
        times = self._times
        found = bisect_right(times, moment)
        if found == len(times):
            return False
        if self._dts_bounds and self._bound is not None and self._bound >= times[found]:
            return True
        return len(times) - found > _HELD_BACK

    def _end(self, packet: Packet[Any]) -> Pts | None:
        found = bisect_right(self._times, packet.pts or 0)
        return self._times[found] if found < len(self._times) else None

    def _info(self, packet: Packet[Any]) -> PacketInfo:
        pts = packet.pts
        assert pts is not None, "taken up with a time"
        shown = not packet.is_discard
        end = self._end(packet)
        before = bisect_left(self._times, pts)
        # Packets behind the last picture's are shown before it, or late. Then the picture shown
        # just before is not known.
        certain = end is not None or not self._waiting
        shown_until = end
        if end is None and self._durations and packet.duration:
            shown_until = pts + packet.duration
        return PacketInfo(
            packet=packet,
            pts=pts,
            end=end,
            gap=pts - self._times[before - 1] if shown and before and certain else 0,
            wanted=shown and self._wanted.holds(pts, shown_until),
            key=packet.is_keyframe,
            shown=shown,
        )
