"""The true end of a video, found from its tail.

A duration in a header is not trusted: the end is the end of the last frame that decodes. To find
it, the last group of pictures is decoded; if that gives no frame, ever earlier ones are.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import suppress
from fractions import Fraction
from typing import Any, Final

import av.error
from av.packet import Packet

from framecap.media.containers.container import Container
from framecap.media.containers.cursor import SharedFile
from framecap.media.containers.formats import FLV
from framecap.media.containers.starts import Starts
from framecap.media.containers.timeline import NEVER_GUESSED
from framecap.media.decoding.sequential import Counts, FrameReader
from framecap.media.fast_path import FastPathUnavailable
from framecap.timebase import Pts

# Seconds before the claimed end at which to start decoding, one after the other.
_STEPS: Final = (1, 4, 16, 64, 256, 1024, 4096)

# An FLV file consists of tags: a head with the length of the data, the data, the size of both.
_FLV_HEAD_BYTES: Final = 11
_FLV_SIZE_BYTES: Final = 4


def measure_end(
    file: SharedFile,
    counts: Counts,
    *,
    timed: bool,
    durations_from: Pts | None = NEVER_GUESSED,
    starts: Starts | None = None,
) -> Generator[Pts | None, None, Pts | None]:
    """Returns when the last frame ends, as a pts; None when no frame decodes.

    Containers without presentation times are decoded whole, since their times come from counting
    frames; so are those that cannot seek. Yields the end of the last frame so far, for a caller to
    report progress.

    Args:
        file: The source.
        counts: Counts the frames decoded for this.
        timed: True when a seek by time is reliable: times run on, and none was missing so far,
            which would shift all others.
        durations_from: As for `Timeline`.
        starts: The headers that decoders need where they start; None if they need none.
    """
    with Container(file) as container:
        if timed and not container.untimed:
            with suppress(FastPathUnavailable):
                end = yield from _from_tail(container, counts, durations_from, starts)
                if end is not None:
                    return end
    with Container(file) as container:
        return (yield from _read_on(FrameReader(container), counts))


def ends_whole(container: Container) -> bool:
    """Returns False for an FLV file whose last tag is cut.

    Whether the library gives the packet of such a tag depends on where reading began.
    """
    if container.native.format.name != FLV:
        return True
    file = container.file
    behind = file.size - _FLV_SIZE_BYTES
    size = int.from_bytes(file.read_at(behind, _FLV_SIZE_BYTES), "big")
    if not _FLV_HEAD_BYTES <= size <= behind:
        return False
    head = file.read_at(behind - size, _FLV_HEAD_BYTES)
    return int.from_bytes(head[1:4], "big") + _FLV_HEAD_BYTES == size


def moments_before_end(container: Container) -> Iterator[Pts]:
    """Yields moments before the claimed end from which to decode to the end, going back."""
    start = container.stream.start_time or 0
    claimed = _claimed_end(container, start)
    if claimed is None:
        return
    for seconds in _STEPS:
        moment = claimed - int(seconds / container.time_base)
        if moment <= start:
            return
        yield moment


def _from_tail(
    container: Container, counts: Counts, durations_from: Pts | None, starts: Starts | None
) -> Generator[Pts | None, None, Pts | None]:
    starts_vary = starts is not None and (starts.need_headers or container.alpha_apart)
    for moment in moments_before_end(container):
        begin: Packet[Any] | None = None
        try:
            container.seek(moment)
            if starts is not None and starts_vary:
                begin = starts.next_start(container)
        except av.error.FFmpegError:
            continue
        if starts_vary and begin is None:
            continue
        reader = FrameReader(container, begin=begin, durations_from=durations_from)
        end = yield from _read_on(reader, counts)
        if end is not None and reader.end_is_certain:
            return end
    return None


def _read_on(reader: FrameReader, counts: Counts) -> Generator[Pts | None, None, Pts | None]:
    """Returns when the last frame from here on ends; None when none decodes."""
    end = None
    for frame in reader.frames():
        end = frame.end if frame is not None else end
        yield end
    counts.decoded += reader.counts.decoded
    return end


def _claimed_end(container: Container, start: Pts) -> Pts | None:
    stream = container.stream
    if stream.duration:
        return start + stream.duration
    if container.native.duration:
        return start + int(Fraction(container.native.duration, 1_000_000) / container.time_base)
    return None
