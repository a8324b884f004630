"""What is on screen when: a file decoded whole, in order, by one thread, without seeking.

The slow twin of everything that seeks, skips and plans. All times are exact fractions of a
second; media time counts from `zero`.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from av.codec.context import Flags
from av.stream import Discard

from oracles import area, losses, luma_hash
from oracles.area import Sides
from oracles.containers import has_edit_list, programs
from oracles.losses import MissingSlices, Sent

ATTACHED_PICTURE = 0x400
NO_TIMESTAMPS = 0x80
PRIMING = Fraction(1, 10)
LATE = 1


class NoPicture(Exception):
    """The file has no video that decodes."""


@dataclass(frozen=True)
class Shown:
    """One frame, on screen over [start, end) of media time."""

    ordinal: int
    """Position among all decoded frames, hidden ones too."""

    start: Fraction
    end: Fraction
    keyframe: bool
    damaged: bool
    dhash: int


@dataclass(frozen=True)
class Timeline:
    """Every frame of the video a player would choose, hidden ones left out."""

    frames: tuple[Shown, ...]
    zero: Fraction
    """Media time 0, in seconds on the container's clock."""

    packets: int
    key_packets: int
    decoded: int
    undecodable: int
    repaired: int
    read_errors: int

    @property
    def end(self) -> Fraction:
        """The end of the last frame."""
        return self.frames[-1].end


@dataclass
class _Decoded:
    """A frame as the decoder gave it, times in seconds on the container's clock."""

    pts: Fraction | None
    duration: Fraction | None
    keyframe: bool
    damaged: bool
    dhash: int


@dataclass
class _Span:
    """When a frame is on screen, in seconds on the container's clock."""

    ordinal: int
    start: Fraction
    end: Fraction


@dataclass
class _Counts:
    times: list[tuple[int | None, int | None, int]] = field(default_factory=list)
    """Of each packet: pts, dts and duration."""
    packets: int = 0
    key_packets: int = 0
    undecodable: int = 0
    repaired: int = 0
    read_errors: int = 0


@functools.cache
def read(path: Path) -> Timeline:
    """Returns the timeline of a file.

    Raises:
        NoPicture: The file does not open, has no video, or none that decodes.
    """
    counts = _Counts()
    with _opened(path) as container:
        stream = _video(container)
        rate = stream.guessed_rate or stream.average_rate
        sides = area.cropping(path, container.format.name, stream.index)
        decoded = list(_facts(stream, _decode(container, stream, counts), sides))
        if not decoded:
            raise NoPicture(f"{path.name}: no frame decodes")
        spans = _spans(container, stream, rate, decoded, counts)
        if _without_times(container):
            zero = Fraction(0)
        else:
            zero = _zero(path, container, stream, spans[0].start)
    frames = tuple(
        Shown(
            span.ordinal,
            span.start - zero,
            span.end - zero,
            decoded[span.ordinal].keyframe,
            decoded[span.ordinal].damaged,
            decoded[span.ordinal].dhash,
        )
        for span in spans
        if span.end > zero
    )
    return Timeline(
        frames=frames,
        zero=zero,
        packets=counts.packets,
        key_packets=counts.key_packets,
        decoded=len(decoded),
        undecodable=counts.undecodable,
        repaired=counts.repaired,
        read_errors=counts.read_errors,
    )


def pictures(path: Path, ordinals: Iterable[int]) -> dict[int, npt.NDArray[np.uint8]]:
    """Returns the RGB pictures of some frames, by ordinal."""
    wanted = set(ordinals)
    found = {}
    with _opened(path) as container:
        stream = _video(container)
        sides = area.cropping(path, container.format.name, stream.index)
        for ordinal, frame in enumerate(_decode(container, stream, _Counts())):
            if ordinal in wanted:
                found[ordinal] = area.shown(frame.to_ndarray(format="rgb24"), sides, frame.format)
            if len(found) == len(wanted):
                break
    return found


def aspect_ratio(frame: av.VideoFrame) -> Fraction | None:
    """Returns the shape of a frame's pixels by its own headers, width to height."""
    return frame.opaque.aspect_ratio if isinstance(frame.opaque, Sent) else None


def frames(path: Path) -> list[av.VideoFrame]:
    """Returns every frame, by ordinal and not cropped. Only for short films: all are held."""
    with _opened(path) as container:
        return list(_decode(container, _video(container), _Counts()))


def packet_times(path: Path) -> list[Fraction]:
    """Returns when the pictures of all packets would appear, in order."""
    with _opened(path) as container:
        stream = _video(container)
        packets = [packet for packet in _packets(container, stream, _Counts()) if packet]
        unit = Fraction(stream.time_base)
    return sorted({packet.pts * unit for packet in packets if packet.pts is not None})


def _opened(path: Path) -> av.container.InputContainer:
    try:
        return av.open(str(path), metadata_errors="replace")
    except av.error.FFmpegError as error:
        raise NoPicture(f"{path.name}: {error.strerror}") from error


def _video(container: av.container.InputContainer) -> av.VideoStream:
    stream = container.streams.best("video")
    if not isinstance(stream, av.VideoStream) or _is_cover(stream) or not stream.codec_context:
        raise NoPicture("no video stream")
    stream.codec_context.thread_count = 1
    # One stream exists as if it were alone: what others lack cannot end it.
    for other in container.streams:
        if other is not stream:
            other.discard = Discard.all
    # The packet of a frame, which the frame's own fields do not always tell.
    stream.codec_context.flags |= Flags.copy_opaque
    # What the video leaves out is left out to the pixel.
    stream.codec_context.flags |= Flags.unaligned
    return stream


def _is_cover(stream: av.stream.Stream) -> bool:
    return bool(stream.disposition & ATTACHED_PICTURE)


def _without_times(container: av.container.InputContainer) -> bool:
    return container.format.name == "avi" or bool(container.format.flags & NO_TIMESTAMPS)


def _decode(
    container: av.container.InputContainer, stream: av.VideoStream, counts: _Counts
) -> Iterator[av.VideoFrame]:
    """Yields every frame libav returns, in its order."""
    context = stream.codec_context
    codec = context.codec.canonical_name
    sent: list[Sent] = []
    for packet in _packets(container, stream, counts):
        if packet is not None:
            counts.packets += 1
            counts.times.append((packet.pts, packet.dts, packet.duration or 0))
            counts.key_packets += packet.is_keyframe
            # PyAV keeps these by identity: each packet needs an object of its own.
            packet.opaque = this = Sent(
                bytes(packet),
                packet.pts,
                packet.is_keyframe,
                packet.is_discard,
                packet.is_corrupt,
            )
            if sent:
                last = sent[-1]
                this.key, this.key_before = last.key, last.key_before
                if last.keyframe:
                    this.key, this.key_before = last, last.key
            sent.append(this)
        try:
            decoded = context.decode(packet)
        except av.error.FFmpegError:
            # An error of the last draining is of no packet.
            counts.undecodable += packet is None
            if packet is not None:
                this.refused = True
            decoded = []
        if packet is not None:
            # Frames come out later: by then the decoder may have another.
            this.aspect_ratio = context.sample_aspect_ratio
        for frame in decoded:
            sent_as = frame.opaque
            if not sent_as.came:
                sent_as.came, sent_as.shown_at = True, frame.pts
                sent_as.interlaced = frame.interlaced_frame
            yield frame
            if not sent_as.keyframe:
                sent_as.data = b""
    counts.undecodable += losses.undecodable(sent, codec, context.extradata or b"")


def _packets(
    container: av.container.InputContainer, stream: av.VideoStream, counts: _Counts
) -> Iterator[av.Packet | None]:
    """Yields the stream's packets and then None, which drains the decoder."""
    while True:
        try:
            for packet in container.demux(stream):
                if packet.size:
                    yield packet
        except IndexError:
            # A packet of a stream that began after opening, which PyAV does not know.
            continue
        except av.error.FFmpegError:
            counts.read_errors += 1
        break
    yield None


def _facts(
    stream: av.VideoStream, frames: Iterable[av.VideoFrame], sides: Sides
) -> Iterator[_Decoded]:
    unit = Fraction(stream.time_base)
    seen: npt.NDArray[np.generic] | None = None
    dhash = 0
    hevc = stream.codec_context.codec.canonical_name == "hevc"
    missing = MissingSlices(stream.codec_context.extradata)
    for frame in frames:
        samples = area.shown(luma_hash.luma(frame), sides, frame.format)
        # Equal pictures have equal hashes; long films have long still parts.
        if seen is None or not np.array_equal(seen, samples):
            seen, dhash = samples.copy(), luma_hash.difference_hash(samples)
        yield _Decoded(
            pts=None if frame.pts is None else frame.pts * unit,
            duration=frame.duration * unit if frame.duration else None,
            keyframe=bool(frame.key_frame and frame.opaque.keyframe),
            damaged=bool(frame.is_corrupt) or (hevc and missing.in_picture(frame.opaque)),
            dhash=dhash,
        )


def _spans(
    container: av.container.InputContainer,
    stream: av.VideoStream,
    rate: Fraction | None,
    decoded: list[_Decoded],
    counts: _Counts,
) -> list[_Span]:
    """Returns when each frame that is shown for any time appears and disappears."""
    if container.format.name == "avi":
        return _on_screen(decoded, _chunk_times(decoded, stream, counts), stream, rate, counts)
    if _without_times(container):
        lengths = [frame.duration or 1 / Fraction(rate or 25) for frame in decoded]
        starts = [Fraction(0), *itertools.accumulate(lengths)]
        return [_Span(i, *span) for i, span in enumerate(itertools.pairwise(starts))]
    times = [frame.pts for frame in decoded]
    if _rise([pts for pts, _, _ in counts.times]) and None not in times and not _rise(times):
        times = sorted(times)
    return _on_screen(decoded, times, stream, rate, counts)


def _rise(times: list[Any]) -> bool:
    """Returns whether each time is later than the one before it; False where one is missing."""
    return None not in times and all(a < b for a, b in itertools.pairwise(times))


def _chunk_times(
    decoded: list[_Decoded], stream: av.VideoStream, counts: _Counts
) -> list[Fraction]:
    """Returns the times of an AVI's pictures: the numbers of its chunks."""
    unit = Fraction(stream.time_base)
    pts, dts, _ = counts.times[0]
    delay = (pts - dts) * unit
    times = sorted(frame.pts for frame in decoded)
    *_, (_, before, _), (_, last, length) = [(None, 0, 0), *counts.times]
    if delay and len(times) > 1 and times[-1] == (last + length) * unit:
        # A reordered picture has the number of the chunk behind it. Behind the last one libav makes
        # up the next number; it is as far off as the last chunk is from the one before.
        times[-1] = max(times[-1], times[-2] + (last - before) * unit)
    return [time - delay for time in times]


def _on_screen(
    decoded: list[_Decoded],
    times: list[Fraction | None],
    stream: av.VideoStream,
    rate: Fraction | None,
    counts: _Counts,
) -> list[_Span]:
    """Returns the frames that are shown: late ones and all but the last of equal ones are not."""
    shown: list[_Span] = []
    moved = Fraction(0)
    just_shown = False
    for i, time in enumerate(times):
        start = None if time is None else time + moved
        if not shown:
            counts.repaired += start is None
            if start is None:
                start = (stream.start_time or 0) * Fraction(stream.time_base)
        elif start is None:
            counts.repaired += 1
            start = shown[-1].end
        elif start <= shown[-1].start:
            counts.repaired += 1
            if shown[-1].start - start > LATE:
                moved += shown[-1].end - start
                start = shown[-1].end
            elif start == shown[-1].start and just_shown:
                shown.pop()
            else:
                just_shown = False
                continue
        just_shown = True
        if shown:
            shown[-1].end = start
        span = _Span(i, start, start)
        shown.append(span)
        span.end = start + _length(decoded[i], shown, rate)
    return shown


def _length(last: _Decoded, shown: list[_Span], rate: Fraction | None) -> Fraction:
    """Returns how long the frame that began last is on screen if nothing follows."""
    if last.duration:
        return last.duration
    if len(shown) > 1:
        return shown[-1].start - shown[-2].start
    if not rate:
        raise NoPicture("a single frame without duration or rate")
    return 1 / Fraction(rate)


def _zero(
    path: Path, container: av.container.InputContainer, video: av.VideoStream, first: Fraction
) -> Fraction:
    if _without_times(container):
        return Fraction(0)
    start = first
    if video.start_time is not None:
        claimed = video.start_time * Fraction(video.time_base)
        if first > claimed or (_is_mp4(container) and has_edit_list(path, video.id)):
            start = claimed
    program = _program(path, container, video)
    packets = _first_audio_times(path)
    others = [
        packets.get(other.index, other.start_time * Fraction(other.time_base))
        for other in (*container.streams.video, *container.streams.audio)
        if other is not video
        and not _is_cover(other)
        and other.start_time is not None
        and (program is None or other.id in program)
    ]
    earliest = min(others, default=start)
    return earliest if start - earliest > PRIMING else start


def _is_mp4(container: av.container.InputContainer) -> bool:
    return "mp4" in container.format.name.split(",")


def _program(
    path: Path, container: av.container.InputContainer, video: av.VideoStream
) -> set[int] | None:
    """Returns the ids of the streams of the video's program; None where all are of one."""
    if container.format.name != "mpegts":
        return None
    return set().union(*(pids for pids in programs(path) if video.id in pids)) or None


def _first_audio_times(path: Path) -> dict[int, Fraction]:
    """Returns when the first packet of each audio stream begins, of those not hidden by edits."""
    found: dict[int, Fraction] = {}
    with _opened(path) as container:
        streams = container.streams.audio
        try:
            for packet in container.demux(*streams) if streams else ():
                if packet.pts is not None and not packet.is_discard:
                    time = packet.pts * Fraction(packet.time_base)
                    found.setdefault(packet.stream.index, time)
                if len(found) == len(streams):
                    break
        except (av.error.FFmpegError, IndexError):
            pass
    return found
