"""Decodes a whole stream in order, which defines the frames that the stream has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import av.error
from av.packet import Packet
from av.video.frame import VideoFrame

from framecap.errors import MediaCorrupt
from framecap.media.containers.container import Container
from framecap.media.containers.reorder import DisplayTimes
from framecap.media.containers.timeline import NEVER_GUESSED, Timeline
from framecap.media.decoding.losses import Losses
from framecap.media.pictures.decoded import Decoded
from framecap.model.lease import Lease
from framecap.model.media import Frame
from framecap.timebase import Pts


@dataclass(slots=True)
class Counts:
    """Counters of one reading of a stream."""

    decoded: int = 0
    """Frames the decoder returned."""

    undecodable: int = 0
    """Packets that the decoder refused, or that gave no frame."""

    repaired: int = 0
    """Frames whose pts was missing, doubled, late, or fell back."""

    read_errors: int = 0
    """Errors of the demuxer while reading."""

    @classmethod
    def of_all(cls, readings: Sequence[Counts], *, others: int) -> Self:
        """Returns the counters of several readings of one file.

        Damage is that of the worst reading, not the sum: each reading met the same damage.

        Args:
            readings: The counters of each reading.
            others: Frames decoded outside of these readings.
        """
        return cls(
            decoded=sum(reading.decoded for reading in readings) + others,
            undecodable=max((reading.undecodable for reading in readings), default=0),
            repaired=max((reading.repaired for reading in readings), default=0),
            read_errors=max((reading.read_errors for reading in readings), default=0),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Waiting:
    """A decoded frame whose end is not known yet."""

    pts: Pts
    keyframe: bool
    damaged: bool
    lease: Lease[VideoFrame]


class FrameReader:
    """Yields every frame of a stream in display order.

    Args:
        container: The container; read from its position to its end, not closed.
        strict: True to fail at the first damage.
        begin: The packet before the container's position, if it was read already.
        durations_from: As for `Timeline`.
    """

    def __init__(
        self,
        container: Container,
        *,
        strict: bool = False,
        begin: Packet[Any] | None = None,
        durations_from: Pts | None = NEVER_GUESSED,
    ) -> None:
        self._container = container
        self._begin = begin
        self._strict = strict
        self._timeline = Timeline(container, durations_from=durations_from)
        self._times = DisplayTimes(counts_chunks=container.counts_chunks)
        self._losses = Losses(container)
        self.counts = Counts()
        self.first_packet: Packet[Any] | None = None
        """The first packet of the reading, once it was read."""

    @property
    def end_is_certain(self) -> bool:
        """True when the last frame's end follows from the frames that were read."""
        return self._timeline.end_is_certain

    def frames(self) -> Iterator[Frame | None]:
        """Yields frames; None for a packet without a frame, so that a caller can report progress.

        A frame is yielded once its end is known: when the next one is decoded. A frame that is
        shown for no time is left out.

        Raises:
            MediaCorrupt: The media is damaged and the reading is strict.
        """
        before: Lease[VideoFrame] = Lease.released()
        waiting: _Waiting | None = None
        for timed in self._decode():
            if timed is None:
                yield None
                continue
            lease, time = timed
            pts = self._timeline.assign(time, lease.picture.duration or 0)
            self.counts.repaired = self._timeline.repaired
            if pts is None:
                lease.release()
                yield None
                continue
            if waiting is not None and waiting.pts < pts:
                yield _frame(waiting, end=pts, before=before, after=lease)
                # The next frame, if it is interlaced, needs this one.
                before.release()
                before = waiting.lease
            elif waiting is not None:
                waiting.lease.release()
            waiting = self._waiting(pts, lease)
        if waiting is not None:
            yield _frame(waiting, end=self._timeline.end, before=before, after=Lease.released())

    def _waiting(self, pts: Pts, lease: Lease[VideoFrame]) -> _Waiting:
        native = lease.picture
        keyframe, damaged = self._container.is_keyframe(native), self._container.is_damaged(native)
        return _Waiting(pts=pts, keyframe=keyframe, damaged=damaged, lease=lease)

    def _decode(self) -> Iterator[tuple[Lease[VideoFrame], Pts | None] | None]:
        try:
            yield from self._decode_all()
        finally:
            self.counts.undecodable += self._losses.passed()

    def _decode_all(self) -> Iterator[tuple[Lease[VideoFrame], Pts | None] | None]:
        times = self._times
        for packet in self._packets():
            # The final packet is empty and drains the decoder.
            drains = packet.size == 0
            if self.first_packet is None:
                self.first_packet = packet
            if not drains:
                times.feed(packet)
            try:
                decoded = self._decoded(None if drains else packet)
                if not drains:
                    self._losses.feed(packet)
            except av.error.FFmpegError as error:
                self.counts.undecodable += 1
                if self._strict:
                    raise MediaCorrupt("a packet of the video cannot be decoded") from error
                decoded = []
                times.lose(packet)
            if not decoded:
                yield None
            for lease in decoded:
                self.counts.decoded += 1
                self._losses.take(lease.picture)
                if self._strict and self._container.is_damaged(lease.picture):
                    raise MediaCorrupt("a frame of the video is corrupt")
                times.take(lease)
            yield from times.ready(at_end=drains)
            self._take_lost(drained=drains)
            if drains:
                return

    def _decoded(self, packet: Packet[Any] | None) -> list[Lease[VideoFrame]]:
        return [Lease(native) for native in self._container.decode(packet)]

    def _take_lost(self, *, drained: bool) -> None:
        lost = self._losses.lost(drained=drained)
        self.counts.undecodable += lost
        if lost and self._strict:
            raise MediaCorrupt("a packet of the video gives no frame")

    def _packets(self) -> Iterator[Packet[Any]]:
        try:
            if self._begin is not None:
                yield self._begin
            yield from self._container.packets()
        except av.error.FFmpegError as error:
            self.counts.read_errors += 1
            if self._strict:
                raise MediaCorrupt("the file cannot be read to its end") from error
            yield Packet()


def _frame(
    waiting: _Waiting,
    *,
    end: Pts,
    before: Lease[VideoFrame],
    after: Lease[VideoFrame],
) -> Frame:
    """Returns a frame with a lease of its own, whose picture the reader may hold a little longer.

    Args:
        waiting: The frame.
        end: Its end.
        before: The frame yielded before it; released if there is none.
        after: The frame decoded after it; released if there is none.
    """
    native = waiting.lease.picture
    decoded = Decoded(native)
    if native.interlaced_frame:
        neighbours = (lease.picture if lease.held else None for lease in (before, after))
        decoded = Decoded(native, *neighbours)
    return Frame(
        pts=waiting.pts,
        end=end,
        keyframe=waiting.keyframe,
        damaged=waiting.damaged,
        native=Lease(decoded),
    )
