"""Kills a writer to a real store mid-upload, again and again, and looks at what it leaves.

    python tests/bench/storage/kills.py [--times 50]

The store is a Swift that this starts. The writer stores objects of 1 MB, every other one in parts
of 64 KiB (the store is configured to take such small ones), and is killed with SIGKILL at a moment
by chance. Then every object must be whole, and the start of a service must end all old uploads.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import os
import random
import signal
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).parents[2]))

from framecap.sink.s3 import S3Store, abort_old_uploads
from framecap.sink.stored import ObjectFacts
from framecap.storage.buckets import S3Bucket
from framecap.storage.clients import S3Clients
from servers.stores import Store
from servers.swift import running_swift

OBJECT_BYTES: Final = 1_000_000
PART_BYTES: Final = 64 * 1024


def content(key: str) -> bytes:
    """Returns the bytes of the object of that key."""
    return random.Random(key).randbytes(OBJECT_BYTES)


async def write(bucket: S3Bucket, name: str, ready: int) -> None:
    """Stores objects for ever, four at a time; says in `ready` when it begins."""
    clients = S3Clients()
    await clients.of(bucket)
    os.write(ready, b".")
    facts = ObjectFacts(content_type="image/png")
    stores = (S3Store(clients, bucket), S3Store(clients, bucket, PART_BYTES))
    number = 0
    while True:
        keys = [f"{name}-{number + n}" for n in range(4)]
        number += len(keys)
        await asyncio.gather(
            *(stores[n % 2].put(key, content(key), facts) for n, key in enumerate(keys))
        )


def kill_one(bucket: S3Bucket, name: str) -> None:
    """Lets a writer write for a while, and kills it."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        asyncio.run(write(bucket, name, writing))
    os.close(writing)
    os.read(reading, 1)
    os.close(reading)
    time.sleep(random.uniform(0.1, 2))
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


async def judge(store: Store, bucket: S3Bucket) -> tuple[int, int, int, int]:
    """Returns how many objects there are and are broken, and uploads are open and stay so."""
    objects = await store.objects(bucket)
    broken = sum(
        hashlib.sha256(data).digest() != hashlib.sha256(content(key)).digest()
        for key, data in objects.items()
    )
    left = len(await store.uploads(bucket))
    await asyncio.sleep(2.5)
    clients = S3Clients()
    await abort_old_uploads(clients, [replace(bucket, abort_uploads_after=1)])
    await clients.close()
    return len(objects), broken, left, len(await store.uploads(bucket))


def main() -> int:
    """Prints what was left; returns 1 when something was broken or stayed open."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--times", type=int, default=50)
    times = arguments.parse_args().times
    with tempfile.TemporaryDirectory() as folder, running_swift(Path(folder)) as store:
        bucket = asyncio.run(store.filled())
        for number in range(times):
            kill_one(bucket, str(number))
        objects, broken, left, stayed = asyncio.run(judge(store, bucket))
    print(
        f"{times} kills: {objects} objects, {broken} of them broken; {left} uploads left open,"
        f" {stayed} after the next start"
    )
    # Where nothing was stored, or nothing broke off, nothing was shown.
    return int(bool(broken or stayed or not objects or not left))


if __name__ == "__main__":
    sys.exit(main())
