"""Kills `framecap serve` mid-upload, again and again, and looks at what it leaves in a real store.

    python tests/bench/storage/kills.py [--times 50]

The store is a Swift that this starts. Each service takes two captures at once, one of small images
and one of images that go up in parts, and is killed with SIGKILL at a moment by chance. Then every
object must be one of the images that an undisturbed capture makes, byte for byte, and the start of
the next service must end all uploads older than the bucket's age.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import hashlib
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).parents[2]))

import av
import grpc
import numpy as np
from grpc import aio

from framecap.storage.s3.bucket import S3Bucket
from framecap.v1.snapshot_service_pb2 import CaptureFramesRequest
from framecap.v1.snapshot_service_pb2_grpc import SnapshotServiceStub
from support.clips import make_clip
from support.servers.stores import Store
from support.servers.swift import running_swift

SMALL: Final = ("small.mp4", "video/snapshots,f_jpg,inter_0")
LARGE: Final = ("large.mov", "video/snapshots,f_png,inter_0")
LARGE_SIZE: Final = (3072, 2304)
LARGE_IMAGES: Final = 3
SMALL_IMAGES: Final = 250

LONGEST_S: Final = 5.0
"""How long a service may live after its first image."""

AGE: Final = 1
"""Seconds after which a start ends what is left open."""


def make_films(folder: Path) -> None:
    """Writes a film of small images, and one whose images, as PNG, go up in parts."""
    make_clip(folder / SMALL[0], frames=SMALL_IMAGES, size=(320, 180))
    chance = np.random.default_rng(5)
    width, height = LARGE_SIZE
    with av.open(str(folder / LARGE[0]), "w") as container:
        stream = container.add_stream("png", rate=1, options={"compression_level": "1"})
        stream.width, stream.height, stream.pix_fmt = width, height, "rgb24"
        for _ in range(LARGE_IMAGES):
            noise = chance.integers(0, 256, (height, width, 3), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(noise, format="rgb24")))
        container.mux(stream.encode(None))


@contextmanager
def serving(folder: Path, store: Store) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Runs a service while the block lasts, and gives it and its address; kills it then."""
    address = f"unix:{folder}/socket"
    Path(folder, "socket").unlink(missing_ok=True)
    secrets = {"BENCH_KEY": store.access_key, "BENCH_SECRET": store.secret_key}
    settings = {"FRAMECAP_BUCKETS": str(folder / "buckets.toml"), "FRAMECAP_METRICS": "off"}
    command = [sys.executable, "-m", "framecap.cli.main", "serve", "--listen", address]
    command += ["--data", str(folder / "data"), "--allow-path", str(folder)]
    with subprocess.Popen(
        command, env={**os.environ, **secrets, **settings}, stderr=subprocess.PIPE, text=True
    ) as service:
        try:
            assert service.stderr is not None
            while "serving" not in (line := service.stderr.readline()):
                assert line, "no service"
            yield service, address
        finally:
            service.kill()
            service.wait()


async def captures(
    folder: Path, address: str, bucket: str, prefix: str, told: dict[str, str]
) -> None:
    """Captures both films at once, until the end or the service's; adds what is told to `told`.

    The end of a service ends a capture without a word more.
    """

    async def one(stub: SnapshotServiceStub, film: tuple[str, str]) -> None:
        parts = (f"{prefix}/{film[0]}/{{index}}", bucket)
        key, target = (
            base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts
        )
        text = f"{film[1]}|sys/saveas,o_{key},b_{target}"
        request = CaptureFramesRequest(source=str(folder / film[0]), text=text)
        async for answer in stub.CaptureFrames(request):
            if answer.event.HasField("frame"):
                told[answer.event.frame.uri.split("/", 3)[3]] = answer.event.frame.sha256

    async with aio.insecure_channel(address) as channel:
        stub = SnapshotServiceStub(channel)
        ended = await asyncio.gather(
            *(one(stub, film) for film in (SMALL, LARGE)), return_exceptions=True
        )
    for end in ended:
        gone = isinstance(end, aio.AioRpcError) and end.code() is grpc.StatusCode.UNAVAILABLE
        if end is not None and not gone:
            raise end


async def killed(
    folder: Path, store: Store, bucket: S3Bucket, prefix: str
) -> tuple[int, dict[str, str]]:
    """Lets a service capture for a while and kills it.

    Returns how many uploads were open once it had started, and what it told.
    """
    told: dict[str, str] = {}
    with serving(folder, store) as (service, address):
        stayed = len(await store.uploads(bucket))
        capturing = asyncio.create_task(captures(folder, address, bucket.name, prefix, told))
        while not told:
            await asyncio.sleep(0.01)
        await asyncio.sleep(random.uniform(0, LONGEST_S))
        service.kill()
        await capturing
    return stayed, told


async def judged(store: Store, bucket: S3Bucket, prefix: str, told: dict[str, str]) -> set[str]:
    """Returns the keys below a prefix; raises when one is not whole, or was told and is not there.

    What is there was not always told: the service ended in between.
    """
    found: dict[str, str] = {}
    async with store.client() as client:
        pages = client.get_paginator("list_objects_v2").paginate(
            Bucket=bucket.name, Prefix=f"{prefix}/"
        )
        async for page in pages:
            for entry in page.get("Contents", ()):
                answer = await client.get_object(Bucket=bucket.name, Key=entry["Key"])
                async with answer["Body"] as body:
                    found[entry["Key"]] = hashlib.sha256(await body.read()).hexdigest()
    for key, checksum in told.items():
        assert found.get(key) == checksum, f"{key} was told and is not what was told"
    return {f"{key.removeprefix(prefix)} {checksum}" for key, checksum in found.items()}


async def run(folder: Path, store: Store, times: int) -> int:
    """Kills so often; prints what was left, and returns 1 when it was not as it must be."""
    bucket = await store.filled()
    (folder / "buckets.toml").write_text(
        f'[buckets.{bucket.name}]\nendpoint = "{bucket.endpoint}"\npath_style = true\n'
        f'access_key_env = "BENCH_KEY"\nsecret_key_env = "BENCH_SECRET"\n'
        f"abort_uploads_after = {AGE}\n"
    )
    told: dict[str, str] = {}
    with serving(folder, store) as (_, address):
        await captures(folder, address, bucket.name, "whole", told)
    expected = await judged(store, bucket, "whole", told)
    assert len(expected) == SMALL_IMAGES + LARGE_IMAGES, f"{len(expected)} images"
    objects = broken = opened = stayed = midway = 0
    for number in range(times):
        stays, told = await killed(folder, store, bucket, str(number))
        stayed += stays
        found = await judged(store, bucket, str(number), told)
        objects, broken = objects + len(found), broken + len(found - expected)
        midway += len(found) < len(expected)
        opened += len(await store.uploads(bucket))
        # Old enough for the next start to end them.
        await asyncio.sleep(AGE + 1)
    with serving(folder, store):
        stayed += len(await store.uploads(bucket))
    print(
        f"{times} kills, {midway} of them amid a capture: {objects} objects, {broken} of them not"
        f" whole; {opened} uploads left open, {stayed} of them after the next start"
    )
    # Where nothing was stored, or nothing broke off, nothing was shown.
    return int(bool(broken or stayed or not objects or not opened or not midway))


def main() -> int:
    """Runs it with a store of its own."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--times", type=int, default=50)
    times = arguments.parse_args().times
    with (
        tempfile.TemporaryDirectory() as folder,
        tempfile.TemporaryDirectory() as swift,
        running_swift(Path(swift)) as store,
    ):
        make_films(Path(folder))
        return asyncio.run(run(Path(folder), store, times))


if __name__ == "__main__":
    sys.exit(main())
