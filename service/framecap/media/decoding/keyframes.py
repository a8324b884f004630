"""Decodes keyframes alone.

Each keyframe is decoded by itself: its packet goes in, the decoder is drained and flushed. The
result must be one frame, flagged as key, with the packet's pts. Anything else means that keyframes
of this stream cannot be decoded alone, and the caller decodes the whole stream instead.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain, islice
from operator import itemgetter
from threading import Lock
from typing import Any, Final, TypeVar

import av.error
from av.packet import Packet
from av.video.frame import VideoFrame

from framecap.errors import MediaCorrupt
from framecap.media.containers.container import Container
from framecap.media.containers.index import Index
from framecap.media.containers.opening import is_shown_first
from framecap.media.containers.pool import ContainerPool
from framecap.media.containers.reorder import Falls
from framecap.media.containers.seeking import check_first, check_stream, keyframe_before
from framecap.media.decoding.losses import has_picture, is_unparsable, may_refer_to_others
from framecap.media.decoding.segments import Segment
from framecap.media.decoding.sequential import Counts
from framecap.media.fast_path import FastPathUnavailable
from framecap.media.pictures.decoded import Decoded
from framecap.model.lease import Lease
from framecap.model.media import Frame
from framecap.model.wanted import PtsRange, Wanted
from framecap.timebase import Pts

T = TypeVar("T")

# Codecs whose keyframe packets, decoded alone, were found to give the same picture.
_ALONE: Final = frozenset(
    {"h264", "hevc", "vp8", "vp9", "av1", "mpeg4", "mpeg2video", "mpeg1video", "mjpeg", "prores"}
)

# Keyframes of one segment.
_PER_SEGMENT: Final = 2

# Where keyframes are fewer bytes apart than this, reading the whole file is cheaper than a seek to
# each keyframe.
_WORTH_A_SEEK: Final = 256 * 1024

# Packets read to find a keyframe after a seek that ended before it.
_MAX_PACKETS: Final = 4096


class NotAlone(FastPathUnavailable):
    """A keyframe of this stream does not decode by itself."""


def stand_alone(container: Container, pts: Pts, *, interlaced: bool) -> bool:
    """Returns whether keyframes of this stream may be decoded alone.

    They may not if presentation times come from counting frames, if one frame has two packets
    (interlaced), or if frames begin before zero (a frame's end, which decides whether it is hidden,
    is the next frame's pts).

    Args:
        container: The open container.
        pts: The first frame's time.
        interlaced: True when the first frame is interlaced.
    """
    return (
        not container.untimed
        and not interlaced
        and container.decoder.codec.canonical_name in _ALONE
        and pts >= (container.stream.start_time or 0)
    )


class KeyframeSegments:
    """Divides the keyframes of a stream into segments.

    Args:
        pool: The containers on the source.
        main: One of them, for reading ahead; its decoder may be lent meanwhile.
        index: The positions of keyframes.
        first: The pts of the first frame.
        position: The byte position of its packet in the file; None if unknown.
        strict: True to fail at the first damage.
        order_unknown: True when pts may be decoding times. Then a keyframe's pts is its display
            time only if no picture behind it is shown before it.
    """

    def __init__(
        self,
        pool: ContainerPool,
        main: Container,
        index: Index,
        first: Pts,
        *,
        position: int | None = None,
        strict: bool,
        order_unknown: bool = False,
    ) -> None:
        self._pool = pool
        self._main = main
        self._index = index
        self._first = first
        self._position = position
        self._strict = strict
        self._order_unknown = order_unknown
        self._lock = Lock()
        self._times: dict[tuple[Pts, Pts], Pts] = {}
        self.counts = Counts()
        """Counters of the reading."""

    def segments(self, wanted: Wanted) -> Iterator[Segment]:
        """Yields segments of keyframes: of each wanted moment, the last one at or before it.

        A strict reading takes all keyframes from the first of these on. Segments, and this
        iterator, raise NotAlone if a keyframe needs more than its packet; frames yielded before are
        right. They raise MediaCorrupt if the media is damaged and the reading is strict.
        """
        if self._strict:
            wanted = PtsRange(wanted.following(self._first) or 0)
        # Only if all keyframes are decoded can the one before stand in for a broken one.
        all_of_them = isinstance(wanted, PtsRange)
        keys = list(self._index.keys()) if self._index.whole else []
        worth_a_seek = keys and self._index.size // len(keys) >= _WORTH_A_SEEK
        if worth_a_seek and self._index.lists_all_keys():
            ends = [key - 1 for key in keys[1:]] + [self._index.last]
            entries = list(zip(keys, ends, strict=True))
            for chunk in _chunks(self._needed(entries, wanted)):
                yield partial(self._seek_and_decode, chunk, all_of_them)
        else:
            for packets in _chunks(self._wanted_packets(wanted)):
                yield partial(self._decode, packets, all_of_them)

    def _needed(
        self, entries: Sequence[tuple[Pts, Pts]], wanted: Wanted
    ) -> Iterator[tuple[Pts, Pts]]:
        """Yields the index entries of needed keyframes."""
        moment = wanted.following(self._first)
        while moment is not None:
            position = self._entry_before(entries, moment)
            if isinstance(wanted, PtsRange):
                yield from entries[position:]
                return
            yield entries[position]
            if position + 1 == len(entries):
                return
            moment = wanted.following(max(moment + 1, self._pts_of(entries[position + 1])))

    def _entry_before(self, entries: Sequence[tuple[Pts, Pts]], moment: Pts) -> int:
        """Returns the position of the last keyframe that appears at or before `moment`."""
        position = bisect_right(entries, moment, key=itemgetter(0)) - 1
        # The index holds dts: a keyframe may appear later.
        while position > 0 and self._pts_of(entries[position]) > moment:
            position -= 1
        return max(0, position)

    def _pts_of(self, entry: tuple[Pts, Pts]) -> Pts:
        if entry not in self._times:
            with self._pool.taken() as container:
                self._times[entry] = _checked(_keyframe_at(container, *entry), None)
        return self._times[entry]

    def _seek_and_decode(
        self, keys: Sequence[tuple[Pts, Pts]], may_be_missing: bool
    ) -> Iterator[Frame | None]:
        with self._pool.taken() as container:
            previous: Pts | None = None
            for key, end in keys:
                container.expect(self._index.until(key))
                packet = _keyframe_at(container, key, end)
                if packet.is_keyframe or not may_be_missing:
                    previous = _checked(packet, previous)
                yield self._frame(container, packet, may_be_missing=may_be_missing)

    def _decode(
        self, packets: Sequence[Packet[Any]], may_be_missing: bool
    ) -> Iterator[Frame | None]:
        with self._pool.taken() as container:
            container.decoder.flush_buffers()
            for packet in packets:
                yield self._frame(container, packet, may_be_missing=may_be_missing)

    def _wanted_packets(self, wanted: Wanted) -> Iterator[Packet[Any]]:
        """Yields the packets of needed keyframes."""
        begin = wanted.following(self._first)
        if begin is None:
            return
        waiting: Packet[Any] | None = None
        for packet in self._packets(begin, broken_too=isinstance(wanted, PtsRange)):
            if waiting is not None and wanted.holds(waiting.pts or 0, packet.pts):
                yield waiting
            waiting = packet
        if waiting is not None and wanted.holds(waiting.pts or 0, None):
            yield waiting

    def _packets(self, begin: Pts, *, broken_too: bool) -> Iterator[Packet[Any]]:
        """Yields the packets of keyframes from one at or before `begin` on.

        Args:
            begin: A moment; the first packet is of a keyframe at or before it.
            broken_too: True to include packets that only the container's index calls keyframes.
        """
        latest: Pts | None = None
        key: Pts | None = None
        falls = Falls(self._main.time_base)
        try:
            for packet in chain([self._go_before(begin)], self._main.packets()):
                if packet.size == 0:
                    return
                check_stream(self._main, packet)
                if packet.is_keyframe:
                    key = _checked(packet, latest)
                    yield packet
                elif packet.pts == key and not packet.is_discard:
                    # Of two frames at one time, only the last is on screen. Checked before the
                    # index, which may hold pts and then names both.
                    raise NotAlone("two pictures at one time")
                elif broken_too and self._index.names(packet, self._main):
                    yield packet
                if packet.pts is not None and falls.back(packet.pts):
                    raise NotAlone("times begin anew")
                if packet.pts is not None and (latest is None or packet.pts > latest):
                    latest = packet.pts
        except av.error.FFmpegError as error:
            with self._lock:
                self.counts.read_errors += 1
            if self._strict:
                raise MediaCorrupt("the file cannot be read to its end") from error

    def _go_before(self, begin: Pts) -> Packet[Any]:
        """Seeks to a keyframe at or before `begin`, and returns its packet."""
        if begin > self._first and not self._index.continuous:
            begin = self._first
        try:
            result = keyframe_before(self._main, begin, first=self._first, index=self._index)
        except av.error.FFmpegError as error:
            raise NotAlone("the container cannot seek") from error
        check_first(result.key, self._first, self._position)
        return result.key

    def _frame(
        self, container: Container, packet: Packet[Any], *, may_be_missing: bool
    ) -> Frame | None:
        """Returns the one frame of a keyframe's packet; None if it is missing and may be."""
        # A broken keyframe that lost its flag gives no frame, so no frame can be wrong.
        if packet.is_keyframe:
            self._check_order_and_alpha(container, packet)
        packet = container.completed(packet)
        decoded, refused = self._decoded_alone(container, packet)
        if self._is_lost(container, packet, decoded, refused):
            if not may_be_missing:
                raise NotAlone("a keyframe that does not decode")
            return None
        if not packet.is_keyframe:
            # Only the index calls it a keyframe: it is none, and nothing is lost.
            if not may_be_missing:
                raise NotAlone("a seek did not find its keyframe")
            return None
        if len(decoded) != 1:
            raise NotAlone("a keyframe's packet does not give one frame")
        return self._checked_frame(container, packet, decoded[0])

    def _check_order_and_alpha(self, container: Container, packet: Packet[Any]) -> None:
        if self._order_unknown and not is_shown_first(container, packet):
            raise NotAlone("a keyframe behind which a picture may be that is shown before it")
        if not container.starts_at(packet):
            raise NotAlone("a keyframe whose alpha is none")

    def _decoded_alone(
        self, container: Container, packet: Packet[Any]
    ) -> tuple[list[VideoFrame], av.error.FFmpegError | None]:
        """Returns the frames of one packet, and the decoder's error if it refused the packet.

        A packet that refers to others, and is no keyframe's, is not refused: nothing is lost.
        """
        decoded, refused = _drained(container, packet)
        with self._lock:
            self.counts.decoded += len(decoded)
        complete = decoded and refused is None
        if not complete and may_refer_to_others(container, packet):
            # Its bytes are no keyframe's, or decoding recovers from it step by step (intra
            # refresh). Only the pictures before it are missing here; nothing is lost.
            if packet.is_keyframe:
                raise NotAlone("a keyframe that needs pictures before it")
            refused = None
        if refused is not None:
            with self._lock:
                self.counts.undecodable += 1
            if self._strict:
                raise MediaCorrupt("a packet of the video cannot be decoded") from refused
        return decoded, refused

    def _is_lost(
        self,
        container: Container,
        packet: Packet[Any],
        decoded: Sequence[VideoFrame],
        refused: av.error.FFmpegError | None,
    ) -> bool:
        """Returns whether a packet gave no frame although it holds a picture; counts it."""
        # A packet that only the index calls a keyframe may be another picture's.
        silent = has_picture if packet.is_keyframe else is_unparsable
        if decoded or (refused is None and not silent(container, packet)):
            return False
        with self._lock:
            self.counts.undecodable += refused is None
        if self._strict:
            raise MediaCorrupt("a packet of the video gives no frame")
        return True

    def _checked_frame(
        self, container: Container, packet: Packet[Any], native: VideoFrame
    ) -> Frame:
        if native.pts is None or native.pts != packet.pts or native.interlaced_frame:
            raise NotAlone("a keyframe's frame is not what its packet says")
        if not container.is_keyframe(native):
            raise NotAlone("a keyframe's frame is none")
        damaged = container.is_damaged(native)
        if damaged and self._strict:
            raise MediaCorrupt("a frame of the video is corrupt")
        return Frame(
            pts=native.pts,
            end=native.pts + max(1, native.duration or 0),
            keyframe=True,
            damaged=damaged,
            native=Lease(Decoded(native)),
        )


def _drained(
    container: Container, packet: Packet[Any]
) -> tuple[list[VideoFrame], av.error.FFmpegError | None]:
    """Returns the frames of one packet, and the last error; leaves the decoder flushed."""
    decoded: list[VideoFrame] = []
    refused: av.error.FFmpegError | None = None
    try:
        # Some decoders refuse a packet and still give a frame for it, when drained.
        for fed in (packet, None):
            try:
                decoded += container.decode(fed)
            except av.error.FFmpegError as error:
                refused = error
    finally:
        container.decoder.flush_buffers()
    return decoded, refused


def _keyframe_at(container: Container, key: Pts, end: Pts) -> Packet[Any]:
    """Returns the packet of the keyframe whose dts is `key`.

    Args:
        container: The open container.
        key: The dts by the index.
        end: A moment before the next keyframe. Seeks go by pts, which may be later than the dts.
    """
    try:
        for moment in (end, key):
            container.seek(moment)
            packet = _packet_of(container, key)
            if packet is not None:
                return packet
    except av.error.FFmpegError as error:
        raise NotAlone("the file cannot be read where a keyframe is") from error
    raise NotAlone("a seek did not find its keyframe")


def _packet_of(container: Container, key: Pts) -> Packet[Any] | None:
    """Returns the next packet whose dts is `key`; None when the position is behind it."""
    packets = container.packets()
    for packet in islice(packets, _MAX_PACKETS):
        if packet.size == 0 or packet.dts is None or packet.dts > key:
            return None
        check_stream(container, packet)
        # A broken keyframe may have lost its flag.
        if packet.dts == key:
            if next(packets).pts == packet.pts:
                raise NotAlone("two pictures at one time")
            return packet
    return None


def _checked(packet: Packet[Any], previous: Pts | None) -> Pts:
    """Returns a keyframe's pts.

    Args:
        packet: The keyframe's packet.
        previous: The latest pts read before it; None for the first.
    """
    pts = packet.pts
    if pts is None or packet.is_discard or (previous is not None and pts <= previous):
        raise NotAlone("a keyframe without a usable time")
    return pts


def _chunks(items: Iterator[T]) -> Iterator[list[T]]:
    """Yields the items in lists; the first list is short, so that its frames come soon."""
    size = 1
    chunk: list[T] = []
    for item in items:
        chunk.append(item)
        if len(chunk) >= size:
            yield chunk
            chunk, size = [], min(2 * size, _PER_SEGMENT)
    if chunk:
        yield chunk
