"""Counts the processor time that object storage costs a capture.

    python tests/bench/storage/cost.py [--images 1000] [--rounds 3]

Two comparisons against a real Swift that this starts, in turns, the median of which is told:

- So many small images captured from a local file into the store, less what the same capture costs
  with its images inside the events, against a bare loop of aiobotocore that puts the same objects,
  as many at once, less what its process costs before it begins. Allowed is 1.2 times the loop.
- The same capture from the store and from a local file, images inside the events. Allowed is 1.3
  times.

Counted are user and system time of the service and all its decoders, not the store's. The objects
are compared with what the events said before anything is told.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import hashlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).parents[2]))

from aiobotocore.config import AioConfig
from aiobotocore.session import get_session

from framecap.admission import Admission, AdmissionLimits
from framecap.call import CaptureCall
from framecap.capture import capture
from framecap.decoder.service.launcher import ForkServer
from framecap.server.assembly import BucketSinks
from framecap.services import Services
from framecap.source.address import FileAddress
from framecap.source.sources import Sources
from framecap.storage.directory.reading import LocalFiles
from framecap.storage.registry import Stores
from framecap.storage.s3.bucket import S3Bucket
from framecap.storage.settings import StorageSettings
from support.clips import make_clip
from support.servers.stores import Store
from support.servers.swift import running_swift

AT_ONCE: Final = StorageSettings().uploads
MOST_FOR_WRITING: Final = 1.2
MOST_FOR_READING: Final = 1.3
TEXT: Final = "video/snapshots,f_jpg,inter_0"


@dataclass(frozen=True)
class Spent:
    """What a piece of work took."""

    cpu: float
    """Seconds of the processor, user and system, children included."""

    peak_kib: int
    """The most memory that its own process had."""

    sums: dict[str, str]
    """SHA-256 of images, by key or index."""


def cpu_seconds() -> float:
    """Returns the processor time of this process and its ended children."""
    parts = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(part.ru_utime + part.ru_stime for part in parts)


async def captured(folder: Path, source: str, target: str) -> dict[str, str]:
    """Captures every frame; returns the images' checksums by key, or index where inline."""
    stores = Stores(folder / "data", StorageSettings(buckets=folder / "buckets.toml"))
    launcher = await ForkServer.start()
    sums: dict[str, str] = {}
    try:
        services = Services(
            launcher=launcher,
            sources=Sources({**stores.openers, FileAddress.scheme: LocalFiles([folder])}),
            sinks=BucketSinks(stores),
            admission=Admission(AdmissionLimits()),
        )
        text = TEXT
        if target:
            key, bucket = (
                base64.urlsafe_b64encode(part.encode()).decode().rstrip("=")
                for part in ("{index}", target)
            )
            text += f"|sys/saveas,o_{key},b_{bucket}"
        async for event in capture(CaptureCall(source=source, request=text), services):
            if event.HasField("frame"):
                name = event.frame.uri.rpartition("/")[2] if target else str(event.frame.index)
                sums[name] = event.frame.sha256
    finally:
        await launcher.close()
        await stores.close()
    return sums


async def put_all(folder: Path, bucket: str) -> dict[str, str]:
    """Puts the objects of the local bucket, as little as it takes."""
    facts = json.loads((folder / "store.json").read_text())
    files = sorted((folder / "data/buckets/local").iterdir())
    room = asyncio.Semaphore(AT_ONCE)
    sums: dict[str, str] = {}
    async with get_session().create_client(
        "s3",
        endpoint_url=facts["endpoint"],
        region_name="us-east-1",
        aws_access_key_id=facts["access_key"],
        aws_secret_access_key=facts["secret_key"],
        config=AioConfig(
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    ) as client:

        async def put(path: Path) -> None:
            data = path.read_bytes()
            async with room:
                await client.put_object(
                    Bucket=bucket, Key=path.name, Body=data, ContentType="image/jpeg"
                )
            sums[path.name] = hashlib.sha256(data).hexdigest()

        await asyncio.gather(*map(put, files))
    return sums


def work(folder: Path, kind: str, bucket: str) -> None:
    """Does one piece of work and prints what it took; a process of its own."""
    jobs = {
        "to store": lambda: captured(folder, str(folder / "film.mp4"), bucket),
        "to local": lambda: captured(folder, str(folder / "film.mp4"), "local"),
        "loop": lambda: put_all(folder, bucket),
        "from store": lambda: captured(folder, "films/film.mp4", ""),
        "from file": lambda: captured(folder, str(folder / "film.mp4"), ""),
        # What a process costs before it does anything.
        "start": nothing,
    }
    sums = asyncio.run(jobs[kind]())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"cpu": cpu_seconds(), "peak_kib": peak, "sums": sums}))


def spent(folder: Path, kind: str, bucket: str = "") -> Spent:
    """Returns what a piece of work took, done in a process of its own."""
    command = [sys.executable, __file__, "--work", kind, "--folder", str(folder), "--in", bucket]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, env=dict(os.environ))
    return Spent(**json.loads(done.stdout))


async def nothing() -> dict[str, str]:
    """Does nothing."""
    return {}


async def checked(store: Store, bucket: S3Bucket, expected: dict[str, str]) -> None:
    """Raises when the objects of a bucket are not those."""
    async with store.client() as client:
        keys = set()
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket.name)
        async for page in pages:
            keys |= {entry["Key"] for entry in page.get("Contents", ())}
        assert keys == set(expected), f"{len(keys)} objects instead of {len(expected)}"
        for key in sorted(keys)[::17]:
            answer = await client.get_object(Bucket=bucket.name, Key=key)
            async with answer["Body"] as body:
                assert hashlib.sha256(await body.read()).hexdigest() == expected[key], key


def table(bucket: S3Bucket, name: str) -> str:
    """Returns the configuration of a bucket."""
    return (
        f'[buckets.{name}]\nremote_name = "{bucket.name}"\nendpoint = "{bucket.endpoint}"\n'
        'path_style = true\naccess_key_env = "BENCH_KEY"\nsecret_key_env = "BENCH_SECRET"\n'
    )


def prepare(folder: Path, store: Store, images: int) -> tuple[S3Bucket, S3Bucket]:
    """Makes the film and the buckets; returns those for images, ours and the loop's."""
    film = make_clip(folder / "film.mp4", frames=images, size=(320, 180), gop=50)
    films = asyncio.run(store.filled({"film.mp4": film.read_bytes()}))
    ours, loops = (asyncio.run(store.filled()) for _ in range(2))
    buckets = table(films, "films") + table(ours, ours.name)
    (folder / "buckets.toml").write_text(buckets)
    facts = {"endpoint": store.endpoint, "access_key": store.access_key}
    (folder / "store.json").write_text(json.dumps(facts | {"secret_key": store.secret_key}))
    os.environ["BENCH_KEY"], os.environ["BENCH_SECRET"] = store.access_key, store.secret_key
    return ours, loops


def compare(folder: Path, store: Store, images: int, rounds: int) -> bool:
    """Prints both comparisons; returns whether both are as they must be."""
    ours, loops = prepare(folder, store, images)
    times: dict[str, list[float]] = {}
    peaks: dict[str, int] = {}
    # What the loop puts.
    made = spent(folder, "to local").sums
    target_of = {"to store": ours.name, "loop": loops.name}
    for _ in range(rounds):
        sums = {}
        for kind in ("start", "loop", "to store", "from file", "from store"):
            took = spent(folder, kind, target_of.get(kind, ""))
            times.setdefault(kind, []).append(took.cpu)
            peaks[kind] = max(peaks.get(kind, 0), took.peak_kib)
            sums[kind] = took.sums
        assert len(sums["loop"]) == images
        assert sums["to store"] == sums["loop"] == made
        assert sums["from store"] == sums["from file"]
        asyncio.run(checked(store, ours, sums["to store"]))
        asyncio.run(checked(store, loops, sums["loop"]))
    cpu = {kind: statistics.median(several) for kind, several in times.items()}
    print(", ".join(f"{kind} {cpu[kind]:.2f} s, {peaks[kind] >> 10} MiB" for kind in cpu))
    bare = cpu["loop"] - cpu["start"]
    writing = (cpu["to store"] - cpu["from file"]) / bare
    reading = cpu["from store"] / cpu["from file"]
    print(f"{images} images: storing costs {writing:.2f} of a bare loop", end="")
    print(f" (allowed {MOST_FOR_WRITING}); with decoding {cpu['to store'] / cpu['loop']:.2f}")
    print(f"reading from the store: {reading:.2f} of a file (allowed {MOST_FOR_READING})")
    return writing <= MOST_FOR_WRITING and reading <= MOST_FOR_READING


def main() -> int:
    """Runs the comparison, or one piece of work of it."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--images", type=int, default=1000)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--work", help=argparse.SUPPRESS)
    arguments.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments.add_argument("--in", dest="bucket", default="", help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.work:
        work(given.folder, given.work, given.bucket)
        return 0
    with (
        tempfile.TemporaryDirectory() as folder,
        tempfile.TemporaryDirectory() as swift,
        running_swift(Path(swift)) as store,
    ):
        return int(not compare(Path(folder), store, given.images, given.rounds))


if __name__ == "__main__":
    sys.exit(main())
