"""Opens many files, and many broken ones, each in a decoder process; writes docs/robustness.md.

    FRAMECAP_CORPUS=… python tests/bench/soak.py [--opens 10000] [--broken 2000] [--judged 500]
        [--write FILE]

It fails when memory, descriptors or processes grow, when a broken file does anything else than give
images or end in a refusal that names the file as its cause, or when an image of one is wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.page import deliver
from framecap.decoder.service.check import error_of
from framecap.decoder.service.launcher import ForkServer
from framecap.decoder.service.settings import DecoderSettings
from framecap.decoder.v1.decoder_pb2 import JOB_KIND_CAPTURE, Job, ToDecoder
from framecap.errors import CaptureError, Code
from framecap.spec import structured, text
from media.test_random_damage import CLIP, CLIPS
from oracles.corpus import COVERS, LONG, REFUSED, VIDEOS
from support.clips import make_clip
from support.damage import damaged
from support.media.judging import KINDS, Film, judge
from support.media.modes import SPECS

AT_ONCE: Final = 2
IDLE: Final = 2
"""Decoders forked ahead, which are there all the time."""

SEED: Final = 20_261_123
COMMAND: Final = "FRAMECAP_CORPUS=… python tests/bench/soak.py --write docs/robustness.md"

# Longer than any capture of a clip takes, on a busy machine too.
STUCK_S: Final = 300

# What a broken file may end in, besides images.
ALLOWED: Final = (Code.FAILED_PRECONDITION, Code.OUT_OF_RANGE)

PAGE: Final = """# Broken files

Each file is read by a decoder process of its own, as the service does it.

**{opens} opens in a row**, of {files} files of the test corpus in turn, those that are refused
included (`f_jpg,w_32,h_32,num_1`); {idle} decoders are forked ahead:

| after | service, MB | its descriptors | fork server, MB | its descriptors | processes |
|---|---|---|---|---|---|
{growth}

**{broken} broken files**, made of {seeds} films of the corpus: cut off, bytes flipped, byte ranges
overwritten, left out or repeated, at random (`f_jpg,w_32,h_32,inter_1000,num_10`). None crashed or
stalled its decoder, none took the service with it. They ended in:

| outcome | files |
|---|---|
{outcomes}

**{judged} broken clips**, damaged in the same way ({clips} kinds of codec and container, 90 frames
each), were captured by {requests} requests each. Every image was compared with the picture of a
whole decoding of the broken clip and with that of the undamaged clip:

| images | |
|---|---|
{images}

*Patched* are pictures that the decoder made up of broken data without saying so, at the time of
the frame they stand for. A whole decoding makes up others: its picture of that moment is none of
the film's either. A *wrong* one would be another frame's picture, or one at another time.

Damage can send times ahead or back. A whole decoding then moves each frame behind the one before
it, as the contract requires, and all later ones with it; where a capture goes straight to a frame
behind the damage, that frame has the time the file gives it.

Made by `{command}`, with framecap {framecap} and PyAV {av}, seed {seed}.
"""


@dataclass(frozen=True)
class Standing:
    """What the processes hold at one moment."""

    service_mb: int
    service_descriptors: int
    server_mb: int
    server_descriptors: int
    processes: int

    @classmethod
    def of(cls, server: ForkServer) -> Standing:
        """Reads it from the kernel."""
        children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
        return cls(
            resident_mb("self"),
            len(os.listdir("/proc/self/fd")),
            resident_mb(str(server.pid)),
            len(os.listdir(f"/proc/{server.pid}/fd")),
            len(children),
        )

    def row(self, after: int) -> str:
        """Returns the table's row."""
        cells = (
            self.service_mb,
            self.service_descriptors,
            self.server_mb,
            self.server_descriptors,
            self.processes,
        )
        return f"| {after:,} | {' | '.join(map(str, cells))} |"


def resident_mb(process: str) -> int:
    """Returns the resident memory of a process."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1_000_000


@contextmanager
def held(content: bytes) -> Iterator[int]:
    """Yields the descriptor of a file in memory."""
    descriptor = os.memfd_create("broken")
    try:
        with os.fdopen(os.dup(descriptor), "wb") as file:
            file.write(content)
        yield descriptor
    finally:
        os.close(descriptor)


async def outcome(server: ForkServer, descriptor: int, request: str) -> str:
    """Captures from an open file; returns OK, or the code and reason of its failure."""
    spec, _ = structured.to_proto(text.parse(f"video/snapshots,{request}").spec)
    size = os.fstat(descriptor).st_size
    job = Job(kind=JOB_KIND_CAPTURE, spec=spec, source_size=size)
    error: CaptureError | None = None
    try:
        async with await server.launch(descriptor) as decoder:
            await decoder.send(ToDecoder(job=job))
            async for message in decoder.messages():
                if message.HasField("finished"):
                    error = error_of(message.finished.status)
    except CaptureError as failure:
        error = failure
    return "OK" if error is None else f"{error.code.name} {error.reason}"


async def open_many(server: ForkServer, paths: list[Path], count: int) -> list[str]:
    """Opens files in turn; returns what the processes held on the way."""
    rows = []

    async def worker(first: int, until: int) -> None:
        for k in range(first, until, AT_ONCE):
            descriptor = os.open(paths[k % len(paths)], os.O_RDONLY | os.O_CLOEXEC)
            try:
                await outcome(server, descriptor, "f_jpg,w_32,h_32,num_1")
            finally:
                os.close(descriptor)

    done = 0
    for mark in sorted({count // 100, count // 10, count // 2, count}):
        await asyncio.gather(*(worker(done + k, mark) for k in range(AT_ONCE)))
        done = mark
        await asyncio.sleep(0.5)
        rows.append((mark, Standing.of(server)))
    first, last = rows[1][1], rows[-1][1]
    if last.processes > IDLE or last.service_descriptors > first.service_descriptors:
        raise SystemExit(f"left behind: {last}")
    if last.server_descriptors > first.server_descriptors:
        raise SystemExit(f"the fork server holds more and more: {last}")
    if last.service_mb > first.service_mb * 1.1 + 4 or last.server_mb > first.server_mb + 4:
        raise SystemExit(f"memory grows: {first} {last}")
    return [standing.row(mark) for mark, standing in rows]


async def break_many(server: ForkServer, seeds: list[Path], count: int) -> Counter[str]:
    """Captures from broken files; returns how often each outcome came."""
    dice = random.Random(SEED)
    outcomes: Counter[str] = Counter()
    cases = [(dice.choice(seeds), dice.randrange(2**32)) for _ in range(count)]

    async def worker(first: int) -> None:
        for path, seed in cases[first::AT_ONCE]:
            with held(damaged(path.read_bytes(), random.Random(seed))) as descriptor:
                found = await outcome(server, descriptor, "f_jpg,w_32,h_32,inter_1000,num_10")
            outcomes[found] += 1
            bad = found != "OK" and not found.startswith(tuple(code.name for code in ALLOWED))
            if bad or found.endswith(("_CRASHED", "_STALLED")):
                raise SystemExit(f"{path.name}, seed {seed}: {found}")

    await asyncio.gather(*(worker(k) for k in range(AT_ONCE)))
    return outcomes


def judged(clip: Path, seed: int) -> tuple[Counter[str], list[str]]:
    """Captures from a broken clip by every request; returns counts by verdict, and faults."""
    with TemporaryDirectory() as folder:
        path = Path(folder, clip.name)
        path.write_bytes(damaged(clip.read_bytes(), random.Random(seed)))
        verdict = judge(path, Film(clip), SPECS)
    return verdict.counts, [f"{clip.name}, seed {seed}: {fault}" for fault in verdict.faults]


def judge_many(count: int) -> Counter[str]:
    """Captures from many broken clips, in processes of their own; returns the sums."""
    dice = random.Random(SEED)
    images: Counter[str] = Counter()
    with TemporaryDirectory() as folder, ProcessPoolExecutor(AT_ONCE) as workers:
        clips = [
            make_clip(Path(folder, f"{number}_{name}"), **CLIP, **options)
            for number, (name, options) in enumerate(CLIPS.values())
        ]
        cases = [
            workers.submit(judged, dice.choice(clips), dice.randrange(2**32)) for _ in range(count)
        ]
        faults: list[str] = []
        for case in cases:
            counts, found = case.result(timeout=STUCK_S)
            images += counts
            faults += found
    if faults:
        raise SystemExit("\n".join(faults))
    return images


async def measure(corpus: Path, opens: int, count: int, judging: int) -> str:
    """Does all three; returns the page."""
    everything = [corpus / name for name in (*VIDEOS, *COVERS, *REFUSED) if name not in LONG]
    small = [path for path in everything if path.stat().st_size < 1_000_000]
    seeds = [path for path in small if path.name in VIDEOS]
    images = judge_many(judging)
    server = await ForkServer.start(DecoderSettings(stall_after=60.0, idle_decoders=IDLE))
    try:
        growth = await open_many(server, small, opens)
        outcomes = await break_many(server, seeds, count)
    finally:
        await server.close()
    return PAGE.format(
        idle=IDLE,
        judged=f"{judging:,}",
        clips=len(CLIPS),
        requests=len(SPECS),
        images="\n".join(f"| {kind} | {images[kind]:,} |" for kind in KINDS),
        opens=f"{opens:,}",
        files=len(small),
        growth="\n".join(growth),
        broken=f"{count:,}",
        seeds=len(seeds),
        outcomes="\n".join(f"| `{name}` | {n:,} |" for name, n in outcomes.most_common()),
        command=COMMAND,
        framecap=version("framecap"),
        av=version("av"),
        seed=SEED,
    )


def main() -> None:
    """Prints the page, or writes it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--opens", type=int, default=10_000)
    options.add_argument("--broken", type=int, default=2_000)
    options.add_argument("--judged", type=int, default=500)
    options.add_argument("--write", type=Path, metavar="FILE")
    given = options.parse_args()
    corpus = Path(os.environ["FRAMECAP_CORPUS"]) / "media"
    page = asyncio.run(measure(corpus, given.opens, given.broken, given.judged))
    deliver(page, given.write)


if __name__ == "__main__":
    main()
