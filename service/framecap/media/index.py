"""Where a stream's keyframes are, and whether its times run on without a break.

Both decide only how frames are reached, never which they are. A transport stream may be several,
one behind the other, whose times begin anew: there a time does not say where to look, and what a
seek finds or the tail says would be wrong.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import Final

import av.error
from av.index import IndexEntries

from framecap.media.container import Container
from framecap.media.cursor import SharedFile
from framecap.model.plan import Span
from framecap.timebase import Pts

# The largest file that is read whole for what its packets tell: some 7 µs a packet, and nothing is
# decoded.
_PASS_BYTES: Final = 64 << 20

# In larger ones, the places where times are looked at.
_PROBES: Final = 64

# Of AVFMT_TS_DISCONT, which PyAV has no name for on formats.
_MAY_BREAK: Final = 0x0200

_MATROSKA: Final = "matroska,webm"


class Index:
    """Knows, or learns when asked, where keyframes are and whether times break.

    Args:
        file: The source.
        container: The open container, whose own index serves where it is whole.
    """

    def __init__(self, file: SharedFile, container: Container) -> None:
        self._file = file
        self._container = container
        self._entries = _whole_entries(container)
        self._hints: list[Pts] | None = None
        self._continuous = None if container.native.format.flags & _MAY_BREAK else True

    @property
    def size(self) -> int:
        """The source's size in bytes."""
        return self._file.size

    @property
    def small(self) -> bool:
        """True when reading all packets costs little."""
        return self._file.size <= _PASS_BYTES

    @property
    def continuous(self) -> bool:
        """True when a time says where in the file to look."""
        if self._continuous is None:
            look = _read_times if self.small else _probe_times
            self._continuous = look(self._file)
        return self._continuous

    @property
    def tells(self) -> bool:
        """True when keyframes are known. First asked before the container is lent."""
        return self._entries is not None or bool(self._cues())

    def key_after(self, moment: Pts) -> Pts | None:
        """Returns the dts of the first keyframe after `moment`; None where none is known."""
        return self._key(moment + 1, backward=False)

    def key_before(self, moment: Pts) -> Pts | None:
        """Returns the dts of the last keyframe at or before `moment`; None where none is known."""
        return self._key(moment, backward=True)

    def span(self, begin: Pts, end: Pts) -> Span:
        """Returns what lies from the packet at `begin` to the one on screen at `end`."""
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

    @property
    def last(self) -> Pts:
        """The dts of the last packet, or of the last keyframe where only those are known."""
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
        """Yields the dts of all keyframes, where the container's index is whole."""
        moment = -(1 << 62)
        while True:
            key = self.key_after(moment)
            if key is None:
                return
            yield key
            moment = key

    @property
    def entries(self) -> IndexEntries | None:
        """The container's index where it has every frame."""
        return self._entries

    def _cues(self) -> list[Pts]:
        """Returns the keyframes that a Matroska file lists. The library reads them at a seek."""
        if self._hints is None:
            self._hints = []
            container = self._container
            if container.native.format.name == _MATROSKA:
                try:
                    container.seek(container.stream.start_time or 0)
                except av.error.FFmpegError:
                    return self._hints
                entries = container.stream.index_entries
                cues = sorted(entry.timestamp for entry in entries if entry.is_keyframe)
                self._hints = cues if len(cues) > 1 else []
        return self._hints


def _whole_entries(container: Container) -> IndexEntries | None:
    stream = container.stream
    entries = stream.index_entries
    return entries if 0 < stream.frames <= len(entries) else None


def _read_times(file: SharedFile) -> bool:
    """Returns whether decoding times never step back."""
    previous: Pts | None = None
    with Container(file) as container:
        try:
            for packet in container.packets():
                if packet.dts is not None:
                    if previous is not None and packet.dts < previous:
                        return False
                    previous = packet.dts
        except av.error.FFmpegError:
            # What cannot be read here is met again, and counted, when frames are read.
            pass
    return True


def _probe_times(file: SharedFile) -> bool:
    """Returns whether times advance from place to place through the file."""
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
