"""Short coded videos in memory, and the pictures that a decoder makes of their packets."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from io import BytesIO
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, cast

import av
import numpy as np
import numpy.typing as npt
from av.codec.context import CodecContext, Flags
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from imageio_ffmpeg import get_ffmpeg_exe

from framecap.media.decoding.skipping import Feed, feeds

SIZE = (160, 96)

Pictures = dict[int, str]
"""By pts, the hash of the decoded planes."""


@dataclass(frozen=True)
class Coded:
    """A coded video."""

    codec: str
    """libavcodec's canonical name."""

    extradata: bytes | None
    size: tuple[int, int]
    packets: tuple[Packet[Any], ...]
    """In decode order."""

    def runs(self) -> list[Coded]:
        """Returns its parts from each keyframe packet to the next."""
        starts = [k for k, packet in enumerate(self.packets) if packet.is_keyframe]
        return [
            replace(self, packets=self.packets[begin:end])
            for begin, end in zip(starts, [*starts[1:], len(self.packets)], strict=True)
        ]


@cache
def drawings(frames: int, size: tuple[int, int] = SIZE) -> npt.NDArray[np.uint8]:
    """Returns pictures of a textured scene that pans, with something crossing it, and noise."""
    width, height = size
    random = np.random.default_rng(11)
    coarse = random.integers(0, 256, (height // 4 + frames, width // 4 + frames), np.uint8)
    scene = np.kron(coarse, np.ones((4, 4), np.uint8))
    drawn = np.empty((frames, height, width), np.uint8)
    for k in range(frames):
        drawn[k] = scene[k : k + height, 2 * k : 2 * k + width]
        x = 5 * k % width
        drawn[k, height // 3 : height // 2, x : x + width // 6] = 40 + 3 * k % 160
        drawn[k] += random.integers(0, 9, (height, width), np.uint8)
    return drawn


def encode(
    encoder: str,
    options: Mapping[str, str] | None = None,
    *,
    frames: int = 60,
    size: tuple[int, int] = SIZE,
    pix_fmt: str = "yuv420p",
    header_apart: bool = True,
) -> Coded:
    """Returns a video of `drawings` as the encoder gives it, its pts the frames' numbers.

    Args:
        encoder: The encoder's name.
        options: Its options.
        frames: How many frames.
        size: Width and height.
        pix_fmt: The coded pixel format.
        header_apart: True for parameter sets in the extradata alone, where the codec has them.
    """
    context = cast("VideoCodecContext", CodecContext.create(encoder, "w"))
    context.framerate, context.time_base = Fraction(25), Fraction(1, 25)
    context.options = {"threads": "1", **(options or {})}
    if header_apart:
        context.flags |= Flags.global_header
    packets = tuple(_encoded(context, frames, size, pix_fmt))
    return Coded(context.codec.canonical_name, context.extradata, size, packets)


def encode_file(
    container: str,
    encoder: str,
    options: Mapping[str, str] | None = None,
    *,
    frames: int = 60,
    size: tuple[int, int] = SIZE,
    pix_fmt: str = "yuv420p",
) -> Coded:
    """Returns a video of `drawings` as a container gives it back."""
    file = BytesIO()
    with av.open(file, "w", format=container) as output:
        settings = {"threads": "1", **(options or {})}
        stream = output.add_stream(encoder, rate=25, options=settings)
        assert isinstance(stream, av.VideoStream)
        for packet in _encoded(stream.codec_context, frames, size, pix_fmt):
            packet.stream = stream
            output.mux(packet)
    file.seek(0)
    return read(file)


def encode_by_command(
    encoder: str, *options: str, container: str, frames: int = 60, size: tuple[int, int] = SIZE
) -> Coded:
    """Returns a video of `drawings` by FFmpeg's own command, which has more encoders."""
    raw = ("-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{size[0]}x{size[1]}", "-r", "25")
    into = ("-pix_fmt", "yuv420p", "-c:v", encoder, "-threads", "1", *options)
    with TemporaryDirectory() as folder:
        path = f"{folder}/coded.{container}"
        command = (get_ffmpeg_exe(), "-v", "error", *raw, "-i", "-", *into, path)
        subprocess.run(command, input=drawings(frames, size).tobytes(), check=True)
        return read(path)


def _encoded(
    context: VideoCodecContext, frames: int, size: tuple[int, int], pix_fmt: str
) -> Iterator[Packet[Any]]:
    context.width, context.height = size
    context.pix_fmt = pix_fmt
    for k, drawn in enumerate(drawings(frames, size)):
        frame = av.VideoFrame.from_ndarray(drawn, format="gray").reformat(format=pix_fmt)
        frame.pts, frame.time_base = k, Fraction(1, 25)
        yield from context.encode(frame)
    yield from context.encode(None)


def read(file: Any) -> Coded:
    """Returns the video of a file."""
    with av.open(file) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        packets = tuple(packet for packet in container.demux(stream) if packet.size)
        size = (context.width, context.height)
        return Coded(context.codec.canonical_name, context.extradata, size, packets)


def decoder(coded: Coded) -> VideoCodecContext:
    """Returns a decoder for a video, as the service opens it: with one thread."""
    name = "libdav1d" if coded.codec == "av1" else coded.codec
    context = cast("VideoCodecContext", CodecContext.create(name, "r"))
    context.extradata = coded.extradata
    context.width, context.height = coded.size
    context.thread_count = 1
    return context


def decode(context: VideoCodecContext, fed: Iterable[Feed]) -> Pictures:
    """Returns the pictures of some packets and of the draining that follows; flushes."""
    frames: list[av.VideoFrame] = []
    for feed in fed:
        if feed.packet is not None:
            context.skip_frame = "NONREF" if feed.references_only else "DEFAULT"
            frames += context.decode(feed.packet)
    frames += context.decode(None)
    context.flush_buffers()
    found = {frame.pts: digest(frame) for frame in frames if frame.pts is not None}
    assert len(found) == len(frames)
    return found


def digest(frame: av.VideoFrame) -> str:
    """Returns a hash over a frame's planes, padding left out."""
    hashed = hashlib.sha256(f"{frame.width}x{frame.height} {frame.format.name}".encode())
    one = len(frame.planes) == 1
    bits = frame.format.padded_bits_per_pixel if one else frame.format.components[0].bits
    for plane in frame.planes:
        rows = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)
        hashed.update(np.ascontiguousarray(rows[:, : plane.width * ((bits + 7) // 8)]))
    return hashed.hexdigest()


@dataclass(frozen=True, slots=True)
class Saving:
    """How many pictures were decoded on the way to some targets."""

    all: int
    """Where every packet up to the last target of each run is fed."""

    skipping: int
    """Where what is not needed is skipped."""

    @property
    def share(self) -> float:
        return self.skipping / self.all


def assert_exact(
    coded: Coded,
    *,
    seed: int,
    tries: int = 4,
    count: Callable[[bytes], int] | None = None,
) -> Saving:
    """Shows that skipping gives the very pictures of a decoding of everything.

    Each run of the video is tried with some random sets of targets.

    Args:
        coded: The video.
        seed: Of the choice of targets.
        tries: How many sets of targets for each run.
        count: Says how many pictures of a packet are decoded; where left out, those are counted
            that come out.
    """
    context = decoder(coded)
    truth = decode(context, map(Feed, coded.packets))
    random = Random(seed)
    everything = skipping = 0
    for run in coded.runs():
        first = run.packets[0].pts or 0
        # Pictures shown before their run's keyframe belong to the run before.
        shown = [k for k, p in enumerate(run.packets) if p.pts in truth and p.pts >= first]
        for _ in range(tries):
            targets = random.sample(shown, min(len(shown), random.choice((1, 1, 2, 4))))
            end = max(targets) + 1
            wanted = [k in targets for k in range(end)]
            way = feeds(run.codec, run.extradata, run.packets[:end], wanted, whole=True)
            pictures = decode(context, way)
            for k in targets:
                pts = run.packets[k].pts
                assert pts is not None
                assert pictures.get(pts) == truth[pts], f"pts {pts} on the way to {targets}"
            if count is None:
                everything += len(decode(context, map(Feed, run.packets[:end])))
                skipping += len(pictures)
            else:
                everything += sum(count(bytes(packet)) for packet in run.packets[:end])
                skipping += sum(count(bytes(feed.packet)) for feed in way if feed.packet)
    return Saving(everything, skipping)


def assert_fed_as_is(coded: Coded, *, whole: bool = True) -> None:
    """Shows that nothing of a video is skipped, though only its last picture is wanted."""
    wanted = [False] * (len(coded.packets) - 1) + [True]
    way = feeds(coded.codec, coded.extradata, coded.packets, wanted, whole=whole)
    assert [feed.packet for feed in way] == list(coded.packets)
    assert not any(feed.references_only for feed in way)
