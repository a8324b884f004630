"""Where a stream's keyframes are, and whether its times run on without a break.

Both decide only how frames are reached, never which they are. A transport stream may be several,
one behind the other, whose times begin anew: there a time does not say where to look, and what a
seek finds or the tail says would be wrong.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import Final

import av.error

from framecap.media.container import Container
from framecap.media.cursor import SharedFile
from framecap.timebase import Pts

# The largest file that is read whole for its index: some 7 µs a packet, and nothing is decoded.
_PASS_BYTES: Final = 64 << 20

# In larger ones, the places where times are looked at.
_PROBES: Final = 64

# Looks for a keyframe before a pass over all packets is cheaper than more looks.
_LOOKS: Final = 8

# Of AVFMT_TS_DISCONT, which PyAV has no name for on formats.
_MAY_BREAK: Final = 0x0200


@dataclass(frozen=True, slots=True)
class _Packets:
    """What a pass over all packets found."""

    keys: list[Pts]
    """The times of keyframes, ascending."""

    continuous: bool
    """True when decoding times never step back."""


class Index:
    """Knows, or learns when asked, where keyframes are and whether times break.

    Args:
        file: The source.
        container: The open container, whose own index serves where it is whole.
    """

    def __init__(self, file: SharedFile, container: Container) -> None:
        self._file = file
        self._may_break = bool(container.native.format.flags & _MAY_BREAK)
        self._keys = _from_container(container)
        self._continuous = None if self._may_break else True
        self._looks = 0

    @property
    def continuous(self) -> bool:
        """True when a time says where in the file to look."""
        if self._continuous is None:
            if self._file.size <= _PASS_BYTES:
                self._take_up(_read_packets(self._file))
            else:
                self._continuous = _probe_times(self._file)
        return bool(self._continuous)

    def worth_a_look(self, position: Pts, target: Pts) -> bool:
        """Returns whether there may be a keyframe in (position, target]."""
        if self._keys is None:
            self._looks += 1
            if self._looks <= _LOOKS or self._file.size > _PASS_BYTES:
                return True
            self._take_up(_read_packets(self._file))
        keys = self._keys or []
        found = bisect_right(keys, target)
        return found > 0 and keys[found - 1] > position

    def _take_up(self, packets: _Packets) -> None:
        self._keys = packets.keys
        if self._may_break:
            self._continuous = packets.continuous


def _from_container(container: Container) -> list[Pts] | None:
    """Returns the keyframes' dts by the container's index; None where that is not whole."""
    stream = container.stream
    entries = stream.index_entries
    if stream.frames == 0 or len(entries) < stream.frames:
        return None
    return sorted(entry.timestamp for entry in entries if entry.is_keyframe)


def _read_packets(file: SharedFile) -> _Packets:
    keys: list[Pts] = []
    continuous = True
    previous: Pts | None = None
    with Container(file) as container:
        try:
            for packet in container.packets():
                if packet.dts is not None:
                    continuous &= previous is None or packet.dts >= previous
                    previous = packet.dts
                if packet.is_keyframe and packet.pts is not None:
                    keys.append(packet.pts)
        except av.error.FFmpegError:
            # What cannot be read here is met again, and counted, when frames are read.
            pass
    return _Packets(sorted(keys), continuous)


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
