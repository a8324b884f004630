"""Checks that a container gives its packets the same times after a seek as without one.

Some demuxers count times from the offset at which reading began, or estimate that offset from the
bit rate, as for an MXF file without index tables. Ends, offsets and keyframes found there by
seeking would be shifted in time. So a few packets read after seeks are compared, by offset and
size, with the same packets read from the beginning.

The check is made once for a source, before its first seek, and only for containers not in
`KEEP_TIMES`. It opens the source twice and reads at most 64 MB, some 7 µs a packet; nothing is
decoded.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from itertools import islice
from typing import Final, TypeAlias

import av.error

from framecap.media.containers.container import Container
from framecap.media.containers.cursor import SharedFile
from framecap.media.containers.formats import FLV, MATROSKA, MP4
from framecap.timebase import Pts

KEEP_TIMES: Final = frozenset({MP4, MATROSKA, FLV, "hls", "mpegts", "avi"})
"""Containers whose packet times come from the file, so that they do not depend on seeks."""

# The times to seek to, in seconds from the start; the last second is sought as well.
_MOMENTS: Final = (0, 1, 9)

_MXF: Final = "mxf"

# Packets compared behind each seek.
_COMPARED: Final = 16

# The most bytes that are read from the beginning to find the packets again.
_READ_BYTES: Final = 64 << 20

# A packet's offset in the file and its size.
_Position: TypeAlias = tuple[int, int]


def seeks_keep_times(file: SharedFile) -> bool:
    """Returns whether packets read after a seek have the times they have without one.

    A packet that is not found from the beginning is ignored: the first one after a seek may be the
    rest of a packet.
    """
    after: list[tuple[_Position, Pts | None]] = []
    with Container(file) as container:
        if container.native.format.name in KEEP_TIMES or container.untimed:
            return True
        for moment in _moments(container):
            # A container that cannot seek cannot shift times either.
            with suppress(av.error.FFmpegError):
                container.seek(moment)
                after += islice(_positions_and_times(container), _COMPARED)
        # Packets near the end of a large file are not compared. There the header must agree: at a
        # constant bit rate, offsets estimated near the start may be right and those at the end
        # wrong.
        far = container.native.format.name == _MXF and file.size > _READ_BYTES
        if far and _last_end(container) != _claimed_end(container):
            return False
    after = [(position, pts) for position, pts in after if position[0] < _READ_BYTES]
    before = _times_without_seek(file, {position for position, _ in after})
    return all(pts in before[position] for position, pts in after if position in before)


def _times_without_seek(
    file: SharedFile, positions: set[_Position]
) -> dict[_Position, set[Pts | None]]:
    """Returns the pts of the packets at some positions; in ASF, several may share one position."""
    found: dict[_Position, set[Pts | None]] = {}
    last = max((offset for offset, _ in positions), default=-1)
    with Container(file) as container, suppress(av.error.FFmpegError):
        for position, pts in _positions_and_times(container) if positions else ():
            if position[0] > last:
                break
            if position in positions:
                found.setdefault(position, set()).add(pts)
    return found


def _last_end(container: Container) -> Pts | None:
    """Returns the end of the last picture, by the packets after a seek to the last second."""
    *_, moment = _moments(container)
    with suppress(av.error.FFmpegError):
        container.seek(moment)
        return max(
            (packet.pts + (packet.duration or 0) for packet in container.packets() if packet.pts),
            default=None,
        )
    return None


def _claimed_end(container: Container) -> Pts | None:
    stream = container.stream
    return (stream.start_time or 0) + stream.duration if stream.duration else None


def _moments(container: Container) -> Iterator[Pts]:
    start = container.stream.start_time or 0
    for seconds in _MOMENTS:
        yield start + int(seconds / container.time_base)
    if container.native.duration:
        length = Fraction(container.native.duration, 1_000_000) - 1
        yield start + max(0, int(length / container.time_base))


def _positions_and_times(container: Container) -> Iterator[tuple[_Position, Pts | None]]:
    """Yields the positions in the file of packets that have one, with their pts."""
    for packet in container.packets():
        if packet.size and packet.pos is not None and packet.pos >= 0:
            yield (packet.pos, packet.size), packet.pts
