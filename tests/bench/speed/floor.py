"""The least that libav needs: the packets a capture cannot do without, and nothing around them.

Everything is in memory before the clock starts. On each core works one decoder with one thread; it
takes groups of pictures from a queue and decodes each up to the last frame wanted in it. What it
may pass over on the way is chosen before the clock starts too, by framecap's own rules, so that
both decode the same; nothing else of framecap is used.
"""

from __future__ import annotations

import os
import time
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Final

import av
import numpy as np
import numpy.typing as npt
import simplejpeg
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from bench.speed.films import Film
from bench.speed.jobs import Frame, Job, Mode, Run
from bench.speed.ours import Service
from bench.speed.ratios import Timing
from framecap.media.decoding.skipping import Feed, feeds

QUALITY: Final = 90
PICTURES: Final = 60
"""So many of a dense capture's images are encoded again, each in place of those around it."""

END: Final = Feed(None)
"""Has the decoder give what it still holds."""

Planes = tuple[npt.NDArray[np.uint8], ...]


@dataclass(frozen=True, slots=True)
class PtsRange:
    """Packets that one decoder decodes in a row, from a keyframe on."""

    packets: Sequence[Packet[VideoStream]]
    wanted: frozenset[int]
    """The pts of the frames wanted among them."""


@dataclass(frozen=True, slots=True)
class Needed:
    """What a decoder is fed for a stretch."""

    feeds: Sequence[Feed]
    wanted: frozenset[int]


class Floor:
    """libav alone, as a peer.

    Args:
        service: Gives the images whose encoding belongs to a dense capture's floor.
    """

    name = "libav alone"

    def __init__(self, service: Service) -> None:
        self._service = service

    def run(self, film: Film, job: Job, frames: list[Frame], into: Path) -> Run:
        """Decodes, and encodes where all frames are wanted; returns the time and no pictures."""
        encode: Callable[[int], object] = _nothing
        if job.mode is Mode.EVERY:
            images = self._service.capture(film, job).pictures
            encode = Encoding(images, [frame.pts for frame in frames])
        with av.open(film.path) as container:
            video = container.streams.best("video")
            assert isinstance(video, VideoStream)
            packets = [packet for packet in container.demux(video) if packet.size]
            queue: SimpleQueue[Needed] = SimpleQueue()
            for stretch in stretches(packets, {frame.pts for frame in frames}):
                queue.put(needed(video, stretch))
            cores = len(os.sched_getaffinity(0))
            spent, begun = time.process_time(), time.perf_counter()
            with ThreadPoolExecutor(cores) as pool:
                found = [pool.submit(_work, video, queue, encode) for _ in range(cores)]
                decoded = sum(each.result() for each in found)
            wall, cpu = time.perf_counter() - begun, time.process_time() - spent
        assert decoded == len(frames), f"{film.name}: {decoded} of {len(frames)} decoded"
        return Run(timing=Timing(wall, cpu), pictures=[])


class Encoding:
    """The same encoder on the same pictures.

    Args:
        images: The images of a capture.
        pts: Their frames' pts, ascending.
    """

    def __init__(self, images: Sequence[bytes | Path], pts: Sequence[int]) -> None:
        self._pts = pts
        self._every = max(1, len(images) // PICTURES)
        self._planes = [planes(image) for image in images[:: self._every]]

    def __call__(self, pts: int) -> object:
        position = bisect_right(self._pts, pts) - 1
        luma, blue, red = self._planes[min(position // self._every, len(self._planes) - 1)]
        return simplejpeg.encode_jpeg_yuv_planes(luma, blue, red, quality=QUALITY)


def stretches(packets: Sequence[Packet[VideoStream]], wanted: Iterable[int]) -> list[PtsRange]:
    """Returns what has to be decoded for some frames, the longest first.

    Args:
        packets: All packets of the stream, in its order.
        wanted: The pts of the frames.
    """
    position = {packet.pts: k for k, packet in enumerate(packets)}
    keys = [k for k, packet in enumerate(packets) if packet.is_keyframe]
    last: dict[int, int] = {}
    of: dict[int, set[int]] = {}
    for pts in wanted:
        k = position[pts]
        group = bisect_right(keys, k) - 1
        begin = packets[keys[group]].pts
        assert begin is not None
        if pts < begin and group:
            # A leading picture refers to the group before.
            group -= 1
        start = keys[group]
        last[start] = max(last.get(start, start), k)
        of.setdefault(start, set()).add(pts)
    found = [
        PtsRange(packets[start : last[start] + 1], frozenset(targets))
        for start, targets in of.items()
    ]
    return sorted(found, key=lambda stretch: -len(stretch.packets))


def needed(video: VideoStream, stretch: PtsRange) -> Needed:
    """Returns what of a stretch its wanted frames need."""
    context = video.codec_context
    chosen = feeds(
        context.codec.canonical_name,
        context.extradata,
        stretch.packets,
        [packet.pts in stretch.wanted for packet in stretch.packets],
        whole=True,
    )
    return Needed([feed for feed in chosen if feed.packet is not None], stretch.wanted)


def planes(image: bytes | Path) -> Planes:
    """Returns the planes of a JPEG, as they were before it was encoded but for its loss."""
    context = av.CodecContext.create("mjpeg", "r")
    assert isinstance(context, VideoCodecContext)
    content = image if isinstance(image, bytes) else image.read_bytes()
    (frame,) = context.decode(Packet(content))
    assert isinstance(frame, VideoFrame)
    assert frame.format.name == "yuvj420p"
    return tuple(
        np.frombuffer(memoryview(plane), np.uint8)
        .reshape(-1, plane.line_size)[: plane.height, : plane.width]
        .copy()
        for plane in frame.planes
    )


def _work(video: VideoStream, queue: SimpleQueue[Needed], encode: Callable[[int], object]) -> int:
    """Decodes what is in the queue; returns how many of the frames wanted came."""
    context = av.CodecContext.create(video.codec_context.name, "r")
    assert isinstance(context, VideoCodecContext)
    context.extradata = video.codec_context.extradata
    context.thread_count = 1
    count = 0
    while True:
        try:
            stretch = queue.get_nowait()
        except Empty:
            return count
        for feed in (*stretch.feeds, END):
            context.skip_frame = "NONREF" if feed.references_only else "DEFAULT"
            for frame in context.decode(feed.packet):
                if frame.pts in stretch.wanted:
                    count += 1
                    encode(frame.pts)
        context.flush_buffers()


def _nothing(pts: int) -> object:
    return pts
