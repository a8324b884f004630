"""Display times of decoded frames whose packets have decoding times: AVI, and pts written as dts.

AVI numbers chunks in decoding order. Some cameras and remuxers write the decoding time as pts. In
both, the n-th picture shown gets the n-th smallest time of the decoded pictures. That needs no
reading ahead: a time is final once no picture in the decoder, or not read yet, can have a smaller
one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from fractions import Fraction
from heapq import heapify, heappop, heappush
from typing import Any, Final, TypeAlias

from av.packet import Packet
from av.video.frame import VideoFrame

from framecap.model.lease import Lease
from framecap.timebase import Pts

HELD_BACK: Final = 17
"""The packets behind a packet that may hold a picture shown before that packet's."""

_SECOND: Final = 1

# The number of the recording, in a file of several appended ones, and the pts in it.
_Time: TypeAlias = tuple[int, Pts]


class Falls:
    """Detects packets whose times fall back further than any reordering explains.

    Args:
        time_base: The unit of pts, in seconds.
    """

    def __init__(self, time_base: Fraction) -> None:
        self._second = int(_SECOND / time_base)
        self._recent: deque[Pts] = deque(maxlen=HELD_BACK)
        self._latest: Pts | None = None

    def back(self, pts: Pts) -> bool:
        """Returns whether a packet's time lies more than a second back, and before recent ones."""
        latest = self._latest
        fell = latest is not None and pts < latest - self._second and pts < min(self._recent)
        self._recent.append(pts)
        if latest is None or pts > latest:
            self._latest = pts
        return fell


class DisplayTimes:
    """Gives decoded frames their times, and holds the frames back until these are final.

    As long as packets' times rise, a frame waits for those fed before it with smaller times: in an
    intact stream there are none, as none was reordered. If a decoded time still steps back, times
    are decoding times, and are given out in ascending order from there on.

    Args:
        counts_chunks: True for AVI, whose times are known to be decoding times.
    """

    def __init__(self, *, counts_chunks: bool = False) -> None:
        self._counts_chunks = counts_chunks
        self._sorts = counts_chunks
        self._rises = True
        self._recording = 0
        self._fed = 0
        self._last_fed: Packet[Any] | None = None
        self._bound: Pts | None = None
        self._gap: Pts = 0
        self._delay: Pts = 0
        self._inside: deque[tuple[int, _Time]] = deque()
        self._latest: _Time | None = None
        self._waiting: deque[Lease[VideoFrame]] = deque()
        self._times: list[_Time] = []
        self._released: Pts | None = None

    def feed(self, packet: Packet[Any]) -> None:
        """Records a packet that is fed to the decoder."""
        pts = packet.pts
        self._fed += 1
        while self._inside and self._inside[0][0] + HELD_BACK < self._fed:
            # Its picture was lost, or is part of another's frame.
            self._inside.popleft()
        if self._counts_chunks:
            self._count_chunk(packet)
        elif not self._rises:
            return
        elif pts is None or (self._last_pts is not None and pts <= self._last_pts):
            if self._sorts:
                self._recording += 1
            else:
                self._rises = False
        self._last_fed = packet
        if pts is not None:
            self._inside.append((self._fed, (self._recording, pts)))

    def lose(self, packet: Packet[Any]) -> None:
        """Records that the decoder refused the packet fed last."""
        if self._inside and self._inside[-1] == (self._fed, (self._recording, packet.pts)):
            self._inside.pop()

    def take(self, lease: Lease[VideoFrame]) -> None:
        """Takes a decoded frame."""
        self._waiting.append(lease)
        if not (self._rises or self._sorts):
            return
        pts = lease.picture.pts
        if pts is None and not self._counts_chunks:
            self._rises = self._sorts = False
            return
        # A chunk always has a number, even if its picture's time is missing.
        time = (self._recording, (self._bound or 0) + self._delay)
        if pts is not None:
            time = self._leave(pts)
        if not self._sorts and self._latest is not None and time < self._latest:
            self._sorts = True
            self._times = [self._time_of(held) for held in self._waiting]
            heapify(self._times)
        elif self._sorts:
            heappush(self._times, time)
        self._latest = time if self._latest is None else max(self._latest, time)

    def ready(self, *, at_end: bool = False) -> Iterator[tuple[Lease[VideoFrame], Pts | None]]:
        """Yields the frames whose times are final, with their times.

        Args:
            at_end: True when the decoder was drained.
        """
        first = None if at_end else min((time for _, time in self._inside), default=None)
        if at_end and self._counts_chunks:
            self._correct_last()
        while self._waiting:
            if self._sorts:
                if not at_end and not self._is_final(self._times[0], first):
                    return
                pts: Pts | None = heappop(self._times)[1] - self._delay
            else:
                pts = self._waiting[0].picture.pts
                if self._rises and pts is not None and first is not None and pts > first[1]:
                    return
            self._released = pts
            yield self._waiting.popleft(), pts

    @property
    def _last_pts(self) -> Pts | None:
        return None if self._last_fed is None else self._last_fed.pts

    def _count_chunk(self, packet: Packet[Any]) -> None:
        dts = packet.dts
        if self._fed == 1 and packet.pts is not None and dts is not None:
            self._delay = packet.pts - dts
        if dts is not None:
            self._gap = 0 if self._bound is None else dts - self._bound
            self._bound = dts

    def _leave(self, pts: Pts) -> _Time:
        """Returns the time of a frame that the decoder returned."""
        for number, entry in enumerate(self._inside):
            if entry[1][1] == pts:
                del self._inside[number]
                return entry[1]
        return (self._recording, pts)

    def _time_of(self, held: Lease[VideoFrame]) -> _Time:
        return (self._recording, held.picture.pts or 0)

    def _is_final(self, time: _Time, first: _Time | None) -> bool:
        if first is not None and first < time:
            return False
        # The picture of a chunk that is read later may have any number from the chunk's own on.
        return not self._counts_chunks or self._bound is None or time[1] <= self._bound

    def _correct_last(self) -> None:
        """Corrects the last time of an AVI with reordered pictures.

        The library gives a picture that is held back the number of the next chunk. Behind the last
        chunk it gives the next number, as if there were no empty chunks between pictures.
        """
        packet = self._last_fed
        if not self._delay or not self._times or packet is None or self._bound is None:
            return
        last = max(self._times)
        if last[1] != self._bound + (packet.duration or 0):
            return
        self._times.remove(last)
        before = max(self._times)[1] if self._times else (self._released or 0) + self._delay
        heapify(self._times)
        heappush(self._times, (last[0], max(last[1], before + self._gap)))
