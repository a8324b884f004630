"""What the tests of decoders share: sources that say what to do, and waiting for processes."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from framecap.decoder.service.launcher import Launcher
from framecap.decoder.service.process import Decoder
from framecap.decoder.v1.decoder_pb2 import JOB_KIND_CAPTURE, FromDecoder, Job, JobKind, ToDecoder
from framecap.v1 import capture_pb2
from support.decoder.pipelines import COUNTER_BYTES, COUNTER_OFFSET

COMMAND = (sys.executable, "-I", str(Path(__file__).with_name("program.py")))

PATIENCE_S = 20.0


@contextmanager
def source(text: str) -> Iterator[int]:
    """Yields the descriptor of a source that says `text`."""
    descriptor = os.memfd_create("source")
    try:
        os.pwrite(descriptor, text.encode(), 0)
        os.ftruncate(descriptor, COUNTER_OFFSET + COUNTER_BYTES)
        yield descriptor
    finally:
        os.close(descriptor)


def reported(descriptor: int) -> int:
    """Returns the number that a pipeline reported last."""
    return int.from_bytes(os.pread(descriptor, COUNTER_BYTES, COUNTER_OFFSET), "big")


def job(*, kind: JobKind = JOB_KIND_CAPTURE, remote: bool = False, size: int = 0) -> ToDecoder:
    """Returns the message that starts a job."""
    spec = capture_pb2.CaptureSpec(jpeg={})
    size = size or COUNTER_OFFSET + COUNTER_BYTES
    return ToDecoder(job=Job(kind=kind, spec=spec, source_size=size, remote=remote))


async def collect(decoder: Decoder) -> list[FromDecoder]:
    """Returns all messages of a decoder with a local source."""
    await decoder.send(job())
    return [message async for message in decoder.messages()]


async def capture(launcher: Launcher, text: str) -> list[FromDecoder]:
    """Returns all messages of a decoder that does what `text` says."""
    with source(text) as descriptor:
        decoder = await launcher.launch(descriptor)
    async with decoder:
        return await collect(decoder)


def cases(messages: list[FromDecoder]) -> list[str | None]:
    """Returns the messages' cases, in order."""
    return [message.WhichOneof("message") for message in messages]


def alive(pid: int) -> bool:
    """Returns whether a process runs; one that waits to be reaped does not."""
    try:
        stat = Path("/proc", str(pid), "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


async def until(holds: Callable[[], bool]) -> None:
    """Returns once something holds; fails when it never does."""
    give_up = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < give_up, "it never came to hold"
        await asyncio.sleep(0.005)


def children(pid: int) -> set[int]:
    """Returns the processes that a process has started and that run."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {child for child in map(int, listed) if alive(child)}


def descriptors(pid: int | str = "self") -> int:
    """Returns how many descriptors a process has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))
