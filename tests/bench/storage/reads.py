"""Counts what one frame from the middle of a large remote film costs in requests and bytes.

And the cover of a FLAC of 50 MB.

    python tests/bench/storage/reads.py [--megabytes 1000] [--keep DIR] [--trace]

The films are made: ten seconds of noise at some 8 Mbit/s, repeated until they are large enough.
What is counted is what a store would be asked for; the store itself is the file, read by range, so
no network is in the figures.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).parents[2]))

import av
import numpy as np
from mutagen.flac import FLAC, Picture
from PIL import Image as PillowImage

from framecap.admission import Admission, AdmissionLimits
from framecap.call import CaptureCall
from framecap.capture import capture
from framecap.decoder.service.launcher import ForkServer
from framecap.services import Services
from framecap.sink.inline import InlineSink
from framecap.source.address import BARE, ObjectAddress
from framecap.source.opened import OpenSource
from framecap.source.origin import Chunks, Found
from framecap.source.pin import SourcePin
from framecap.source.remote import RemoteLimits, RemoteName, RemoteReader
from framecap.source.sources import Sources

CONTAINERS: Final = {"mp4": 2.0, "ts": 4.0, "mkv": 4.0}
"""The share of the bytes, in percent, that may be read, by the file's suffix."""

MOST_REQUESTS: Final = 12

SONG_BYTES: Final = 50_000_000
MOST_OF_SONG: Final = 1_000_000
SECONDS: Final = 10
RATE: Final = 25
SIZE: Final = (320, 180)


class FileOrigin:
    """A file that is read as an object is."""

    def __init__(self, path: Path, trace: bool) -> None:
        self._path = path
        self._trace = trace

    @asynccontextmanager
    async def open(self, length: int) -> AsyncIterator[tuple[Found, Chunks]]:
        """Gives what was found and the first bytes."""
        size = self._path.stat().st_size
        found = Found(size=size, etag='"1"', last_modified=datetime(2026, 1, 1, tzinfo=UTC))
        yield found, self._chunks(0, min(length, size))

    @asynccontextmanager
    async def read(self, found: Found, start: int, end: int) -> AsyncIterator[Chunks]:
        """Gives the bytes in [start, end)."""
        yield self._chunks(start, end)

    async def _chunks(self, start: int, end: int) -> Chunks:
        if self._trace:
            print(f"    {start:>12} {end - start:>10}")
        with self._path.open("rb") as file:
            file.seek(start)
            while chunk := file.read(min(1 << 16, end - file.tell())):
                yield chunk


class Objects:
    """Opens files below a directory as objects."""

    def __init__(self, folder: Path, trace: bool) -> None:
        self._folder = folder
        self._trace = trace

    async def open(self, address: ObjectAddress) -> OpenSource:
        """Returns the open object."""
        return await self._reader(address).open()

    async def pin(self, address: ObjectAddress) -> SourcePin:
        """Returns the version of an object."""
        return await self._reader(address).pin()

    def _reader(self, address: ObjectAddress) -> RemoteReader:
        name = RemoteName(public_name=address.public_name, bucket=address.bucket, key=address.key)
        limits = RemoteLimits(max_read_bytes=1 << 40, cache_bytes=32 << 20)
        origin = FileOrigin(self._folder / address.key, self._trace)
        return RemoteReader(origin, name, limits)


class Inline:
    """Sends all images inside events."""

    def naming(self, *_: object) -> None:
        """Returns no names."""

    def open(self, *_: object) -> InlineSink:
        """Returns the sink."""
        return InlineSink()


def make_song(path: Path, size: int) -> None:
    """Writes a FLAC of about `size` bytes, noise, with a cover of 300 kB in front."""
    chance = np.random.default_rng(3)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("flac", rate=48_000, layout="stereo")
        for _ in range(size // 96_000):
            noise = chance.integers(-(2**15), 2**15, (1, 48_000), np.int16)
            frame = av.AudioFrame.from_ndarray(noise, format="s16", layout="stereo")
            frame.rate = 48_000
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    picture = Picture()
    buffer = BytesIO()
    pixels = chance.integers(0, 256, (400, 400, 3), np.uint8)
    PillowImage.fromarray(pixels).save(buffer, "JPEG", quality=98)
    picture.data, picture.type, picture.mime = buffer.getvalue(), 3, "image/jpeg"
    song = FLAC(path)
    song.add_picture(picture)
    song.save()


def make_film(path: Path, size: int) -> None:
    """Writes a film of about `size` bytes."""
    chance = np.random.default_rng(3)
    with tempfile.TemporaryDirectory() as folder:
        part = Path(folder, "part.mp4")
        with av.open(str(part), "w") as container:
            options = {"crf": "23", "g": "50", "bf": "0", "preset": "veryfast"}
            stream = container.add_stream("libx264", rate=RATE, options=options)
            stream.width, stream.height = SIZE
            for _ in range(SECONDS * RATE):
                noise = chance.integers(0, 256, (SIZE[1], SIZE[0]), np.uint8)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(noise, format="gray")))
            container.mux(stream.encode(None))
        times = max(1, round(size / part.stat().st_size))
        with av.open(str(path), "w") as container:
            out = None
            for number in range(times):
                with av.open(str(part)) as source:
                    video = source.streams.video[0]
                    out = out or container.add_stream_from_template(video)
                    shift = round(number * SECONDS / video.time_base)
                    for packet in source.demux(video):
                        if packet.size:
                            packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                            packet.stream = out
                            container.mux(packet)


async def cost(folder: Path, name: str, middle: float, trace: bool) -> tuple[int, int]:
    """Returns the requests and the bytes that one frame costs."""
    launcher = await ForkServer.start()
    try:
        services = Services(
            launcher=launcher,
            sources=Sources({BARE: Objects(folder, trace)}),
            sinks=Inline(),
            admission=Admission(AdmissionLimits()),
        )
        request = f"video/snapshots,f_jpg,ss_{round(middle * 1000)},num_1"
        call = CaptureCall(source=f"films/{name}", request=request)
        async for event in capture(call, services):
            if event.HasField("finished"):
                assert event.finished.captured_count == 1
                return event.finished.read_request_count, event.finished.read_bytes
    finally:
        await launcher.close()
    raise AssertionError("a capture without an end")


def main() -> int:
    """Prints a line per container; returns 1 when one costs more than it may."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--megabytes", type=int, default=1000)
    arguments.add_argument("--keep", type=Path, help="where films are, and stay")
    arguments.add_argument("--trace", action="store_true", help="print each request")
    given = arguments.parse_args()
    failed = False
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.keep or Path(scratch)
        for suffix, allowed in CONTAINERS.items():
            path = folder / f"film.{suffix}"
            if not path.exists():
                make_film(path, given.megabytes * 1_000_000)
            size = path.stat().st_size
            with av.open(str(path)) as container:
                middle = float(container.duration or 0) / 2e6
            requests, read = asyncio.run(cost(folder, path.name, middle, given.trace))
            share = 100 * read / size
            bad = share > allowed or (suffix == "mp4" and requests > MOST_REQUESTS)
            failed |= bad
            print(
                f"{suffix:4} {size / 1e6:7.0f} MB: {requests:3} requests, {read / 1e6:6.2f} MB"
                f" ({share:.2f} %, allowed {allowed:.0f} %){' TOO MUCH' if bad else ''}"
            )
        song = folder / "song.flac"
        if not song.exists():
            make_song(song, SONG_BYTES)
        requests, read = asyncio.run(cost(folder, song.name, 0, given.trace))
        bad = read > MOST_OF_SONG
        failed |= bad
        print(
            f"flac {song.stat().st_size / 1e6:7.1f} MB: {requests:3} requests, {read / 1e6:6.2f} MB"
            f" (the cover, allowed {MOST_OF_SONG / 1e6:.0f} MB){' TOO MUCH' if bad else ''}"
        )
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
