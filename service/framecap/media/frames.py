"""Decoding a whole stream in order: the definition of which frames there are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import av.error
from av.packet import Packet
from av.video.frame import VideoFrame

from framecap.errors import MediaCorrupt
from framecap.media.container import Container
from framecap.media.decoded import Decoded
from framecap.media.timeline import Timeline
from framecap.model.media import Frame
from framecap.timebase import Pts


@dataclass(slots=True)
class Counts:
    """What a reading met."""

    decoded: int = 0
    """Frames the decoder returned."""

    undecodable: int = 0
    """Packets the decoder refused."""

    repaired: int = 0
    """Frames whose pts was missing or stepped back."""

    read_errors: int = 0
    """Errors of the container while reading."""

    @classmethod
    def of_all(cls, readings: Sequence[Counts], *, others: int) -> Self:
        """Returns what several readings met of one file.

        Damage is that of the worst of them, not their sum: each met the same.

        Args:
            readings: What each met.
            others: Frames decoded outside of them.
        """
        return cls(
            decoded=sum(reading.decoded for reading in readings) + others,
            undecodable=max((reading.undecodable for reading in readings), default=0),
            repaired=max((reading.repaired for reading in readings), default=0),
            read_errors=max((reading.read_errors for reading in readings), default=0),
        )


class FrameReader:
    """Yields every frame of a stream in display order.

    Args:
        container: Read from where it stands to its end, not closed.
        strict: True to fail at the first damage.
        begin: The packet before the container's position, where it was read already.
    """

    def __init__(
        self,
        container: Container,
        *,
        strict: bool = False,
        begin: Packet[Any] | None = None,
    ) -> None:
        self._container = container
        self._begin = begin
        self._strict = strict
        self._timeline = Timeline(container)
        self.counts = Counts()
        self.first_packet: Packet[Any] | None = None
        """The packet that the reading began with, once it was read."""

    @property
    def end_is_certain(self) -> bool:
        """True when the last frame's end follows from the frames that were read."""
        return self._timeline.end_is_certain

    def frames(self) -> Iterator[Frame | None]:
        """Yields frames; None where a packet gave no frame, so that a caller can report progress.

        A frame is yielded once its end is known, which is when the next one is decoded.

        Raises:
            MediaCorrupt: The media is damaged and the reading strict.
        """
        before: VideoFrame | None = None
        waiting: tuple[Pts, bool, VideoFrame] | None = None
        for native in self._decode():
            if native is None:
                yield None
                continue
            pts = self._timeline.place(native.pts, native.duration or 0)
            self.counts.repaired = self._timeline.repaired
            if waiting is not None:
                yield _frame(*waiting, end=pts, before=before, after=native)
                before = waiting[-1]
            waiting = (pts, self._container.is_keyframe(native), native)
        if waiting is not None:
            yield _frame(*waiting, end=self._timeline.end, before=before, after=None)

    def _decode(self) -> Iterator[VideoFrame | None]:
        for packet in self._packets():
            # The final packet is empty and drains the decoder.
            drains = packet.size == 0
            if self.first_packet is None:
                self.first_packet = packet
            try:
                decoded = self._container.decode(None if drains else packet)
            except av.error.FFmpegError as error:
                self.counts.undecodable += 1
                if self._strict:
                    raise MediaCorrupt("a packet of the video cannot be decoded") from error
                decoded = []
            if not decoded:
                yield None
            for native in decoded:
                self.counts.decoded += 1
                if native.is_corrupt and self._strict:
                    raise MediaCorrupt("a frame of the video is corrupt")
                yield native
            if drains:
                return

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
    pts: Pts,
    keyframe: bool,
    native: VideoFrame,
    *,
    end: Pts,
    before: VideoFrame | None,
    after: VideoFrame | None,
) -> Frame:
    return Frame(
        pts=pts,
        end=end,
        keyframe=keyframe,
        damaged=native.is_corrupt,
        native=Decoded(native, before, after) if native.interlaced_frame else Decoded(native),
    )
