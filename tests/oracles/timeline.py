"""What is on screen when: a file decoded whole, in order, by one thread, without seeking.

The slow twin of everything that seeks, skips and plans. All times are exact fractions of a
second; media time counts from `zero`.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.codec.context import Flags
from av.stream import Discard

from oracles import luma_hash
from oracles.containers import has_edit_list, programs

ATTACHED_PICTURE = 0x400
NO_TIMESTAMPS = 0x80
PRIMING = Fraction(1, 10)


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


@dataclass(eq=False)
class _Sent:
    """What travels through the decoder from a packet to its frame."""

    keyframe: bool


@dataclass
class _Counts:
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
        decoded = list(_facts(stream, _decode(container, stream, counts)))
        if not decoded:
            raise NoPicture(f"{path.name}: no frame decodes")
        rate = stream.guessed_rate or stream.average_rate
        if _without_times(container):
            starts = [i / Fraction(rate) for i in range(len(decoded))]
            ends = [*starts[1:], len(decoded) / Fraction(rate)]
        else:
            starts, ends = _timed(decoded, stream, rate, counts)
        zero = _zero(path, container, stream, starts[0])
    frames = tuple(
        Shown(i, start - zero, end - zero, frame.keyframe, frame.damaged, frame.dhash)
        for i, (frame, start, end) in enumerate(zip(decoded, starts, ends, strict=True))
        if end > zero
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
        for ordinal, frame in enumerate(_decode(container, stream, _Counts())):
            if ordinal in wanted:
                found[ordinal] = frame.to_ndarray(format="rgb24")
            if len(found) == len(wanted):
                break
    return found


def frames(path: Path) -> list[av.VideoFrame]:
    """Returns every frame, by ordinal. Only for short films: all are held."""
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
    return stream


def _is_cover(stream: av.stream.Stream) -> bool:
    return bool(stream.disposition & ATTACHED_PICTURE)


def _without_times(container: av.container.InputContainer) -> bool:
    return container.format.name == "avi" or bool(container.format.flags & NO_TIMESTAMPS)


def _decode(
    container: av.container.InputContainer, stream: av.VideoStream, counts: _Counts
) -> Iterator[av.VideoFrame]:
    """Yields every frame libav returns, in its order."""
    for packet in _packets(container, stream, counts):
        if packet is not None:
            counts.packets += 1
            counts.key_packets += packet.is_keyframe
            # PyAV keeps these by identity: each packet needs an object of its own.
            packet.opaque = _Sent(packet.is_keyframe)
        try:
            yield from stream.codec_context.decode(packet)
        except av.error.FFmpegError:
            counts.undecodable += 1


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


def _facts(stream: av.VideoStream, frames: Iterable[av.VideoFrame]) -> Iterator[_Decoded]:
    unit = Fraction(stream.time_base)
    seen: npt.NDArray[np.generic] | None = None
    dhash = 0
    for frame in frames:
        samples = luma_hash.luma(frame)
        # Equal pictures have equal hashes; long films have long still parts.
        if seen is None or not np.array_equal(seen, samples):
            seen, dhash = samples.copy(), luma_hash.difference_hash(samples)
        yield _Decoded(
            pts=None if frame.pts is None else frame.pts * unit,
            duration=frame.duration * unit if frame.duration else None,
            keyframe=bool(frame.key_frame and frame.opaque.keyframe),
            damaged=bool(frame.is_corrupt),
            dhash=dhash,
        )


def _timed(
    decoded: list[_Decoded], stream: av.VideoStream, rate: Fraction | None, counts: _Counts
) -> tuple[list[Fraction], list[Fraction]]:
    """Returns when each frame appears and disappears, repairing times that do not advance."""
    starts: list[Fraction] = []
    for i, frame in enumerate(decoded):
        if frame.pts is not None and (not starts or frame.pts > starts[-1]):
            starts.append(frame.pts)
            continue
        counts.repaired += 1
        if starts:
            starts.append(starts[-1] + _length(decoded[i - 1], starts, rate))
        else:
            starts.append((stream.start_time or 0) * Fraction(stream.time_base))
    return starts, [*starts[1:], starts[-1] + _length(decoded[-1], starts, rate)]


def _length(last: _Decoded, starts: list[Fraction], rate: Fraction | None) -> Fraction:
    """Returns how long the frame that began last is on screen if nothing follows."""
    if last.duration:
        return last.duration
    if len(starts) > 1:
        return starts[-1] - starts[-2]
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
