"""Whether a container gives its packets the same times after a seek as without one.

Some demuxers count times on from the place where reading began, or guess that place by the bit
rate: an MXF file without index tables is one. Ends, offsets and keyframes found there by seeking
would be moved in time. So a few packets read after seeks are compared, by position and size, with
the same packets read from the beginning.

The check is made once for a source, before its first seek, and only in containers whose times after
seeks were not seen to be right. It opens the source twice and reads at most 64 MB, some 7 µs a
packet; nothing is decoded.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from itertools import islice
from typing import Final, TypeAlias

import av.error

from framecap.media.container import Container
from framecap.media.cursor import SharedFile
from framecap.timebase import Pts

PROVEN: Final = frozenset(
    {"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "flv", "hls", "mpegts", "avi"}
)
"""Containers whose packets have their times from the file, however they are reached."""

# The times at which to look, in seconds from the start; the last second is looked at as well.
_MOMENTS: Final = (0, 1, 9)

_MXF: Final = "mxf"

# Packets compared at each.
_COMPARED: Final = 16

# How far reading from the beginning follows a seek.
_READ_BYTES: Final = 64 << 20

_Place: TypeAlias = tuple[int, int]


def seeks_keep_times(file: SharedFile) -> bool:
    """Returns whether packets read after a seek have the times they have without one.

    A packet that reading from the beginning does not find proves nothing: the first one after a
    seek may be the rest of one.
    """
    after: list[tuple[_Place, Pts | None]] = []
    with Container(file) as container:
        if container.native.format.name in PROVEN or container.untimed:
            return True
        for moment in _moments(container):
            # Where the container cannot seek, it does not move times either.
            with suppress(av.error.FFmpegError):
                container.seek(moment)
                after += islice(_placed(container), _COMPARED)
        # What lies near the end of a large file is not compared. There the header must agree: of a
        # constant bit rate, places guessed near the start may be right and those at the end wrong.
        far = container.native.format.name == _MXF and file.size > _READ_BYTES
        if far and _last_end(container) != _claimed_end(container):
            return False
    after = [(assign, pts) for assign, pts in after if assign[0] < _READ_BYTES]
    before = _times_without_seek(file, {assign for assign, _ in after})
    return all(pts in before[assign] for assign, pts in after if assign in before)


def _times_without_seek(file: SharedFile, places: set[_Place]) -> dict[_Place, set[Pts | None]]:
    """Returns the pts of the packets at some places; in ASF, several may have one place."""
    found: dict[_Place, set[Pts | None]] = {}
    last = max((position for position, _ in places), default=-1)
    with Container(file) as container, suppress(av.error.FFmpegError):
        for assign, pts in _placed(container) if places else ():
            if assign[0] > last:
                break
            if assign in places:
                found.setdefault(assign, set()).add(pts)
    return found


def _last_end(container: Container) -> Pts | None:
    """Returns when the last picture ends, by the packets after a seek to the last second."""
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


def _placed(container: Container) -> Iterator[tuple[_Place, Pts | None]]:
    """Yields the places of packets in the file, where they have one, with their pts."""
    for packet in container.packets():
        if packet.size and packet.pos is not None and packet.pos >= 0:
            yield (packet.pos, packet.size), packet.pts
