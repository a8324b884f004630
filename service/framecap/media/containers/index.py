"""Finds a stream's keyframes, and whether its times are continuous.

Both decide only the access path to frames, never the frames themselves. A transport stream may be
several recordings, one behind the other, whose times begin anew: there a time does not determine a
file offset, so the result of a seek, and an end read from the last packets, would be wrong.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from typing import Any, Final

import av.error
from av.index import IndexEntries
from av.packet import Packet

from framecap.media.containers.container import Container
from framecap.media.containers.cursor import SharedFile
from framecap.media.containers.formats import FLV, MATROSKA, MP4
from framecap.media.containers.reorder import Falls
from framecap.media.containers.seek_times import KEEP_TIMES, seeks_keep_times
from framecap.model.plan import Span
from framecap.timebase import Pts

# The largest file whose packets are all read for their times and flags: some 7 µs a packet, and
# nothing is decoded.
_PASS_BYTES: Final = 64 << 20

# The most bytes of a group of pictures that are read for keyframes missing from the index.
_CHECKED_BYTES: Final = 64 << 20

# In larger files, the number of offsets at which times are read.
_PROBES: Final = 64

# The same for playlists, where each offset costs the opening of a segment.
_SEGMENTS: Final = 4

# AVFMT_TS_DISCONT, which PyAV does not expose for formats.
_MAY_BREAK: Final = 0x0200


class Index:
    """Holds a stream's keyframes and whether its times are continuous, read on first use.

    Args:
        container: The open container, whose own index is used when it is whole.
    """

    def __init__(self, container: Container) -> None:
        self._file = container.file
        self._container = container
        in_order = _is_in_order(container)
        self._entries = _whole_entries(container) if in_order else None
        self._hints: list[Pts] | None = None
        self._named: set[Pts] = set()
        self._noted = 0
        self.learned = False
        """True once a pass over all packets found keyframes that the container does not index."""
        self._continuous: bool | None = in_order
        may_break = container.native.format.flags & _MAY_BREAK or self._may_be_appended
        if in_order and may_break:
            self._continuous = None
        self._same_times = True if container.native.format.name in KEEP_TIMES else None
        self._all_listed: bool | None = None

    @property
    def size(self) -> int:
        """The source's size in bytes."""
        return self._file.size

    @property
    def small(self) -> bool:
        """True when reading all packets costs little."""
        return not self._container.playlist and self._file.size <= _PASS_BYTES

    @property
    def continuous(self) -> bool:
        """True when a time determines a file offset, so that seeks can be trusted."""
        if self._continuous is None:
            if self.small:
                self._continuous = self._pass()
            else:
                probe = _probe_segments if self._container.playlist else _probe_times
                self._continuous = probe(self._file)
        return self._continuous and self.same_times

    @property
    def same_times(self) -> bool:
        """True when packets have the same times after a seek as without one."""
        if self._same_times is None:
            self._same_times = seeks_keep_times(self._file)
        return self._same_times

    @property
    def _may_be_appended(self) -> bool:
        """True for a small FLV: it is a sequence of tags, so joined recordings are a valid file.

        Large files are not examined: the library cannot find tags from an arbitrary offset.
        """
        return self._container.native.format.name == FLV and self.small

    def learn(self) -> None:
        """Reads all packets of a small source for its keyframes when the container has no index.

        Does so only when times could begin anew: then all must be examined before any seek.
        """
        if self.small and self._continuous is None:
            self._continuous = self._pass()

    @property
    def whole(self) -> bool:
        """True when the container's index has every frame."""
        return self._entries is not None

    @property
    def knows_keyframes(self) -> bool:
        """True when keyframes are known. Read it before another reader uses the container."""
        return self._entries is not None or bool(self._cues())

    def key_after(self, moment: Pts) -> Pts | None:
        """Returns the dts of the first keyframe after `moment`; None when none is known."""
        return self._key(moment + 1, backward=False)

    def key_before(self, moment: Pts) -> Pts | None:
        """Returns the dts of the last keyframe at or before `moment`; None when none is known."""
        return self._key(moment, backward=True)

    def span(self, begin: Pts, end: Pts) -> Span:
        """Returns the span of packets from the one at `begin` to the one on screen at `end`."""
        entries = self._entries
        if entries is None:
            rate = self._container.frame_rate or 0
            return Span(frames=int((end - begin) * self._container.time_base * rate) + 1, size=0)
        first, last = (
            max(0, entries.search_timestamp(moment, backward=True, any_frame=True))
            for moment in (begin, end)
        )
        return Span(
            frames=last - first + 1,
            size=max(0, entries[last].pos + entries[last].size - entries[first].pos),
        )

    def until(self, moment: Pts | None) -> int:
        """Returns the file offset behind the packet on screen at `moment`; 0 when not known.

        Args:
            moment: The moment; None for the end of the stream.
        """
        if self._entries is None:
            return 0
        if moment is None:
            return self.size
        found = self._entries.search_timestamp(moment, backward=True, any_frame=True)
        return self._end_of(max(0, found))

    def until_packet(self, number: int) -> int:
        """Returns the file offset behind packet `number`, counted from 0; 0 when not known."""
        if self._entries is None:
            return 0
        return self._end_of(min(number, len(self._entries) - 1))

    def _end_of(self, position: int) -> int:
        assert self._entries is not None
        return self._entries[position].pos + self._entries[position].size

    @property
    def last(self) -> Pts:
        """The dts of the last packet, or of the last keyframe when only keyframes are known."""
        if self._entries is None:
            return self._cues()[-1]
        return self._entries[len(self._entries) - 1].timestamp

    def _key(self, moment: Pts, *, backward: bool) -> Pts | None:
        if self._entries is not None:
            found = self._entries.search_timestamp(moment, backward=backward, any_frame=False)
            return self._entries[found].timestamp if found >= 0 else None
        cues = self._cues()
        position = bisect_right(cues, moment) - 1 if backward else bisect_left(cues, moment)
        return cues[position] if 0 <= position < len(cues) else None

    def keys(self) -> Iterator[Pts]:
        """Yields the dts of all keyframes of a whole index; else of those that are known."""
        moment = -(1 << 62)
        while True:
            key = self.key_after(moment)
            if key is None:
                return
            yield key
            moment = key

    def names(self, packet: Packet[Any], container: Container) -> bool:
        """Returns whether the container's index lists a packet as a keyframe.

        The parser removes the keyframe flag of a packet whose bytes are broken; the index keeps it.

        Args:
            packet: The packet.
            container: The container that read the packet; the same one in every call.
        """
        if self._entries is not None:
            if not self._named:
                self._named.update(self.keys())
            return packet.dts in self._named
        name = container.native.format.name
        if name not in (MATROSKA, FLV):
            return False
        # The library adds keyframes to its index as it reads them.
        entries = container.stream.index_entries
        for position in range(self._noted, len(entries)):
            self._named.add(entries[position].timestamp)
        self._noted = len(entries)
        return (packet.pts if name == MATROSKA else packet.dts) in self._named

    def lists_all_keys(self) -> bool:
        """Returns whether the container's index lists every packet that is flagged as a keyframe.

        A sync table may list only some keyframes: others are keyframes by their contents. The table
        is trusted once the first and the longest group of pictures were read, up to 64 MB of each,
        and held no other keyframe. This check is made once for a source, when keyframes alone are
        wanted and would be sought by the index. It costs one more container and the bytes of two
        groups, some 7 µs a packet; nothing is decoded.
        """
        if self._all_listed is None:
            keys = list(self.keys()) if self._entries is not None else []
            self._all_listed = bool(keys) and self._confirms(keys)
        return self._all_listed

    def _confirms(self, keys: list[Pts]) -> bool:
        ends = [*keys[1:], None]
        groups = list(zip(keys, ends, strict=True))
        longest = max(groups, key=lambda group: self._frames_between(*group))
        listed = frozenset(keys)
        with Container(self._file) as container:
            for begin, end in {groups[0], longest}:
                try:
                    container.seek(begin if end is None else end - 1)
                    if not _holds_only(container, listed, end):
                        return False
                except av.error.FFmpegError:
                    # The error occurs again, and is counted, when frames are read.
                    continue
        return True

    def _frames_between(self, begin: Pts, end: Pts | None) -> int:
        entries = self._entries
        assert entries is not None
        first = entries.search_timestamp(begin, backward=True, any_frame=True)
        if end is None:
            return len(entries) - first
        return entries.search_timestamp(end, backward=True, any_frame=True) - first

    def _pass(self) -> bool:
        """Records all keyframes; returns whether times never begin anew nor step back at one.

        A keyframe shown before a frame that was decoded earlier is late. Decoding that began at it
        could not detect that, and would take it for the picture on screen.
        """
        with Container(self._file) as container:
            order = _PacketOrder(container.time_base)
            # A read error occurs again, and is counted, when frames are read.
            with suppress(av.error.FFmpegError):
                for packet in container.packets():
                    if not order.holds_with(packet):
                        return False
        keys = order.keys
        self._hints = keys if len(keys) > 1 else []
        self.learned = bool(self._hints)
        return True

    def _cues(self) -> list[Pts]:
        """Returns the keyframes that a pass over all packets found, or that Matroska cues list.

        The library reads cues at the first seek.
        """
        if self._hints is None:
            self._hints = []
            container = self._container
            if container.native.format.name == MATROSKA:
                try:
                    container.seek(container.stream.start_time or 0)
                except av.error.FFmpegError:
                    return self._hints
                entries = container.stream.index_entries
                cues = sorted(entry.timestamp for entry in entries if entry.is_keyframe)
                self._hints = cues if len(cues) > 1 else []
        return self._hints


class _PacketOrder:
    """Checks the times of a stream's packets, in the order of the file, and lists its keyframes.

    Args:
        time_base: The stream's time base.
    """

    def __init__(self, time_base: Fraction) -> None:
        self._falls = Falls(time_base)
        self._previous: Pts | None = None
        self._latest: Pts | None = None
        self.keys: list[Pts] = []
        """The dts of the keyframes."""

    def holds_with(self, packet: Packet[Any]) -> bool:
        """Returns whether times neither begin anew at the next packet nor step back at it."""
        return self._take_dts(packet) and self._take_pts(packet)

    def _take_dts(self, packet: Packet[Any]) -> bool:
        dts = packet.dts
        if dts is None:
            return True
        if self._previous is not None and dts < self._previous:
            return False
        if packet.is_keyframe:
            self.keys.append(dts)
        self._previous = dts
        return True

    def _take_pts(self, packet: Packet[Any]) -> bool:
        pts, latest = packet.pts, self._latest
        if pts is None:
            return True
        if self._falls.back(pts):
            return False
        if packet.is_keyframe and latest is not None and pts < latest:
            # It is late and never shown: after a seek to it, this could not be seen.
            return False
        self._latest = pts if latest is None else max(latest, pts)
        return True


def _holds_only(container: Container, listed: frozenset[Pts], end: Pts | None) -> bool:
    """Returns whether all keyframes up to `end`, or `_CHECKED_BYTES` further on, are listed."""
    read = 0
    for packet in container.packets():
        if packet.is_keyframe and packet.dts not in listed:
            return False
        read += packet.size
        past = packet.dts is not None and end is not None and packet.dts >= end
        if past or packet.size == 0 or read > _CHECKED_BYTES:
            break
    return True


def _is_in_order(container: Container) -> bool:
    """Returns False when an edit list shows ranges of the media repeatedly or in another order.

    The index of such a file repeats entries and holds discarded ones. A seek is a binary search in
    the index, so its times must rise and no discarded entry may lie between shown keyframes. Only
    lists of several edits are examined: some 0.3 µs an entry.
    """
    if container.native.format.name != MP4 or container.edits.contiguous:
        return True
    previous: Pts | None = None
    shown = discarded = False
    for entry in container.stream.index_entries:
        if previous is not None and entry.timestamp <= previous:
            return False
        previous = entry.timestamp
        if entry.is_discard:
            discarded = shown
        elif entry.is_keyframe:
            if discarded:
                return False
            shown = True
    return True


def _whole_entries(container: Container) -> IndexEntries | None:
    stream = container.stream
    entries = stream.index_entries
    return entries if 0 < stream.frames <= len(entries) else None


def _probe_times(file: SharedFile) -> bool:
    """Returns whether times increase from offset to offset through the file."""
    previous: Pts | None = None
    with Container(file) as container:
        for probe in range(_PROBES):
            try:
                container.native.seek(file.size * probe // _PROBES, unsupported_byte_offset=True)
                dts = next(
                    packet.dts
                    for packet in container.packets()
                    if packet.dts is not None or packet.size == 0
                )
            except (av.error.FFmpegError, StopIteration):
                return False
            if dts is None or (previous is not None and dts <= previous):
                return False
            previous = dts
    return True


def _probe_segments(file: SharedFile) -> bool:
    """Returns whether sampled segments of a playlist have the times that their lengths add up to.

    A playlist without discontinuities implies that each segment continues the one before it.
    """
    with Container(file) as container:
        start = container.stream.start_time
        length = container.native.duration
        if start is None or not length:
            return False
        spacing = int(Fraction(length, 1_000_000 * _SEGMENTS) / container.time_base)
        try:
            for number in range(1, _SEGMENTS):
                moment = start + number * spacing
                container.seek(moment)
                dts = next(packet.dts for packet in container.packets())
                if dts is None or abs(dts - moment) > spacing:
                    return False
        except (av.error.FFmpegError, StopIteration):
            return False
    return True
