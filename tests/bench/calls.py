"""Measures what a call costs through gRPC, beside libav in process and one ffmpeg per image.

    python tests/bench/calls.py [--rounds 9] [--captures 60] [--write docs/calls.md]

It makes its films, starts a service as an operator does, compares the images first, and then times
each in turn, round by round; a ratio is made of two timings of one round. It needs `imageio-ffmpeg`
(of the `test` extra), and names Debian's ffmpeg as absent where there is none.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise, product
from pathlib import Path
from statistics import median
from typing import Final

sys.path.insert(0, str(Path(__file__).parents[1]))

import av
import imageio_ffmpeg
import numpy as np
import simplejpeg
from av.filter import Graph
from grpc import aio
from PIL import Image

from bench.page import deliver
from framecap.v1.snapshot_service_pb2 import CaptureFramesRequest
from framecap.v1.snapshot_service_pb2_grpc import SnapshotServiceStub
from support.served import served

THUMBNAIL: Final = "video/snapshots,ss_{at},f_jpg,num_1,inter_1000,w_160,h_90"
PLACES_MS: Final = (0, 2400)
"""Where the thumbnail is from: a keyframe, and ten frames after one."""

FIRST: Final = "video/snapshots,f_jpg,num_1,inter_1000"
QUALITY: Final = 90
WORKERS: Final = (1, 2, 4, 8)
SAME_LEVELS: Final = 4.0
"""How far two images of one frame may be apart, in levels, averaged: scalers differ."""

PAGE: Final = """# The cost of a call

Through gRPC over loopback: client, service and decoders on the same {cores} processors. Median
of the ratios of {rounds} rounds, least and largest in brackets. Load average {load}.

| work | against | ratio |
|---|---|---|
{rows}

The thumbnail is `{thumbnail}`
of a 360p film of 5 s, {captures} captures a round, with as many workers and the same seek (`-ss`)
on either side. The first frame is that of a 1080p film, full size, from sending the request to its
`frame` event; against it stand opening the file, `next(container.decode())` and the same encoder.
{fork_server}

The decoder process bounds the rest: a fork of a Python process, thrown away after one capture. The
fork, and the copies of memory pages whose reference counts Python touches, cost more than
decoding.

Made by `python tests/bench/calls.py --rounds {rounds} --captures {captures}`.
"""


@dataclass(frozen=True)
class Films:
    """What is captured from."""

    small: Path
    large: Path

    @classmethod
    def make(cls, folder: Path) -> Films:
        """Writes them."""
        small = draw(folder / "small.mp4", "640x360", 125, "800k")
        return cls(small, draw(folder / "large.mp4", "1920x1080", 125, "5M"))


def draw(path: Path, size: str, frames: int, rate: str) -> Path:
    """Writes a film of the test picture with noise, a keyframe every 2 s, as streams have it."""
    graph = Graph()
    chain = [
        graph.add("testsrc2", f"size={size}:rate=25"),
        graph.add("noise", "alls=8:allf=t:all_seed=1"),
        graph.add("format", "yuv420p"),
        graph.add("buffersink"),
    ]
    for source, sink in pairwise(chain):
        source.link_to(sink)
    graph.configure()
    options = {"preset": "veryfast", "g": "50", "bf": "3", "maxrate": rate, "bufsize": rate}
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={**options, "b": rate})
        stream.width, stream.height = map(int, size.split("x"))
        stream.pix_fmt = "yuv420p"
        for _ in range(frames):
            container.mux(stream.encode(graph.vpull()))
        container.mux(stream.encode(None))
    return path


@dataclass(frozen=True)
class Client:
    """Asks the service."""

    stub: SnapshotServiceStub

    async def capture(self, film: Path, text: str) -> tuple[float, bytes]:
        """Returns the seconds until the first frame event, and the image, once the call ended."""
        began = time.perf_counter()
        first, parts = 0.0, []
        request = CaptureFramesRequest(source=str(film), text=text)
        async for answer in self.stub.CaptureFrames(request):
            event = answer.event
            if event.HasField("frame"):
                first = first or time.perf_counter() - began
                parts.append(event.frame.data)
            elif event.HasField("chunk"):
                parts.append(event.chunk.data)
        return first, b"".join(parts)

    async def thumbnails(self, film: Path, at: int, count: int, workers: int) -> float:
        """Returns how many captures a second there were."""
        left = iter(range(count))
        text = THUMBNAIL.format(at=at)

        async def work() -> None:
            for _ in left:
                await self.capture(film, text)

        began = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(workers)))
        return count / (time.perf_counter() - began)


@dataclass(frozen=True)
class Command:
    """An ffmpeg, one process for each image."""

    name: str
    path: str

    def thumbnail(self, film: Path, at: int) -> bytes:
        """Returns the same thumbnail."""
        seek = ["-ss", str(at / 1000)] if at else []
        arguments = ["-v", "error", "-nostdin", *seek, "-i", str(film), "-frames:v", "1"]
        output = ["-vf", "scale=160:90:flags=area", "-q:v", "2", "-f", "mjpeg", "-"]
        done = subprocess.run([self.path, *arguments, *output], stdout=subprocess.PIPE, check=True)
        return done.stdout

    def thumbnails(self, film: Path, at: int, count: int, workers: int) -> float:
        """Returns how many captures a second there were."""
        with ThreadPoolExecutor(workers) as pool:
            began = time.perf_counter()
            list(pool.map(self.thumbnail, [film] * count, [at] * count))
            return count / (time.perf_counter() - began)


def decode_here(film: Path) -> tuple[float, bytes]:
    """Returns the seconds that opening, decoding one frame and encoding it take, and the image."""
    began = time.perf_counter()
    with av.open(str(film)) as container:
        frame = next(container.decode(video=0))
        planes = [
            np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]
            for plane in frame.planes
        ]
        image = simplejpeg.encode_jpeg_yuv_planes(*planes, quality=QUALITY)
        taken = time.perf_counter() - began
        # The film's levels are those of television; only the picture that is compared is turned.
        frame.to_image().save(turned := BytesIO(), "PNG")
    assert image
    return taken, turned.getvalue()


def compare(ours: bytes, theirs: bytes, what: str) -> None:
    """Raises SystemExit unless two images show the same frame."""
    pictures = [np.asarray(Image.open(BytesIO(data)).convert("L"), int) for data in (ours, theirs)]
    apart = float(np.abs(pictures[0] - pictures[1]).mean())
    if apart > SAME_LEVELS:
        raise SystemExit(f"{what}: the images are {apart:.1f} levels apart")


def commands() -> Iterator[Command]:
    """Yields the ffmpegs there are."""
    yield Command("FFmpeg 9 (`imageio-ffmpeg`)", imageio_ffmpeg.get_ffmpeg_exe())
    path = shutil.which("ffmpeg")
    if path is None:
        print("Debian's ffmpeg is absent", file=sys.stderr)
    else:
        yield Command("Debian's ffmpeg", path)


def children(pid: int) -> list[int]:
    """Returns the processes that a process has started."""
    return [int(c) for c in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def kilobytes(pid: int, file: str, field: str) -> int:
    """Returns a field of a process's account of its memory."""
    lines = Path(f"/proc/{pid}/{file}").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:"))


def memory(service: int) -> str:
    """Returns a sentence on the memory of a service's fork server and its idle decoders."""
    (server,) = children(service)
    sizes = [kilobytes(server, "status", field) / 1000 for field in ("VmRSS", "RssAnon")]
    idle = [kilobytes(pid, "smaps_rollup", "Private_Dirty") / 1000 for pid in children(server)]
    each = f"; an idle decoder has {median(idle):.1f} MB of its own" if idle else ""
    return f"The fork server is {sizes[0]:.0f} MB resident, {sizes[1]:.0f} of them private{each}."


def row(work: str, against: str, measured: list[float]) -> str:
    """Returns a row of the table: the median, the least and the largest."""
    spread = f"{median(measured):.2f} ({min(measured):.2f} to {max(measured):.2f})"
    return f"| {work} | {against} | {spread} |"


async def measure(client: Client, films: Films, rounds: int, captures: int) -> list[str]:
    """Returns the rows."""
    found = list(commands())
    for command, at in product(found, PLACES_MS):
        _, small = await client.capture(films.small, THUMBNAIL.format(at=at))
        compare(small, command.thumbnail(films.small, at), f"{command.name} at {at} ms")
    _, large = await client.capture(films.large, FIRST)
    compare(large, decode_here(films.large)[1], "in process")
    latencies: list[float] = []
    rates: dict[tuple[int, int, str], list[float]] = {}
    for _ in range(rounds):
        pairs = [
            ((await client.capture(films.large, FIRST))[0], decode_here(films.large)[0])
            for _ in range(5)
        ]
        latencies.append(median(o for o, _ in pairs) / median(t for _, t in pairs))
        for at, workers in product(PLACES_MS, WORKERS):
            ours = await client.thumbnails(films.small, at, captures, workers)
            for command in found:
                theirs = await asyncio.to_thread(
                    command.thumbnails, films.small, at, max(1, captures // 3), workers
                )
                rates.setdefault((at, workers, command.name), []).append(ours / theirs)
    return [
        row("time to the first frame, 1080p", "libav in process", latencies),
        *(
            row(f"thumbnails a second, at {at} ms, {workers} at once", f"{name}, one each", found)
            for (at, workers, name), found in rates.items()
        ),
    ]


async def bench(folder: Path, rounds: int, captures: int) -> str:
    """Returns the page."""
    films = Films.make(folder)
    data = folder / "data"
    data.mkdir()
    with served(data=data, allow=folder) as service:
        async with aio.insecure_channel(service.address) as channel:
            rows = await measure(Client(SnapshotServiceStub(channel)), films, rounds, captures)
        fork_server = memory(service.process.pid)
    return PAGE.format(
        cores=os.cpu_count(),
        load=f"{os.getloadavg()[0]:.0f}",
        rounds=rounds,
        rows="\n".join(rows),
        thumbnail=THUMBNAIL.format(at="T"),
        captures=captures,
        fork_server=fork_server,
    )


def main() -> None:
    """Prints the page, or writes it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=9)
    options.add_argument("--captures", type=int, default=60)
    options.add_argument("--write", type=Path, metavar="FILE")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        page = asyncio.run(bench(Path(folder), given.rounds, given.captures))
    deliver(page, given.write)


if __name__ == "__main__":
    main()
