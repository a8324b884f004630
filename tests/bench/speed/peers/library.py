"""Libraries of Python: each is kept loaded in a process of its own, and asked through a pipe."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any, Final

from bench.speed import processes
from bench.speed.films import Film
from bench.speed.jobs import Frame, Job, Mode, PeerFailed, Run
from bench.speed.ratios import Timing

TESTS: Final = Path(__file__).parents[3]
SONAME: Final = re.compile(r"(lib(?:av|sw)[a-z]+)-[0-9a-f]+(\.so\.\d+)")


class Library:
    """A process that has a library loaded.

    Args:
        name: What it is called.
        process: `bench.speed.peers.worker` with its name.
    """

    def __init__(self, name: str, process: subprocess.Popen[str]) -> None:
        self.name = name
        self._process = process

    def run(self, film: Film, job: Job, frames: list[Frame], into: Path) -> Run:
        """Writes the job's pictures into a directory, or counts the changes."""
        asked: dict[str, Any] = {"path": str(film.path), "into": str(into), "crop": job.crop}
        asked |= {"size": job.size, "instants": [float(at) for at in job.instants(film)]}
        if job.mode is Mode.CHANGES:
            asked["skip"] = int(job.step * film.rate) - 1
        before = processes.used(self._process.pid)
        begun = time.perf_counter()
        answer = self._ask(asked)
        wall = time.perf_counter() - begun
        if answer["error"]:
            raise PeerFailed(answer["error"])
        timing = Timing(wall, processes.used(self._process.pid) - before)
        return Run(timing=timing, pictures=sorted(into.glob("*.jpg")), decoded=answer["count"])

    def _ask(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        assert self._process.stdin and self._process.stdout
        try:
            self._process.stdin.write(json.dumps(asked) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise PeerFailed("its process ended")
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextlib.contextmanager
def library(name: str, module: str) -> Iterator[Library | None]:
    """Runs a worker with a library; yields None, and says so, where it cannot be loaded."""
    with contextlib.ExitStack() as stack:
        errors = stack.enter_context(tempfile.TemporaryFile("w+"))
        directory = stack.enter_context(tempfile.TemporaryDirectory())
        process = start(module, Path(directory), errors)
        try:
            assert process.stdout
            if process.stdout.readline().strip() == "ready":
                yield Library(name, process)
            else:
                process.wait()
                errors.seek(0)
                last = (errors.read().strip().splitlines() or ["no reason told"])[-1]
                print(f"{name} is not here: {last}", file=sys.stderr)
                yield None
        finally:
            process.kill()
            process.communicate()


def start(module: str, directory: Path, errors: IO[str]) -> subprocess.Popen[str]:
    """Starts a worker; it says `ready` once its library is loaded."""
    environment = os.environ | {"PYTHONPATH": str(TESTS), "OPENCV_LOG_LEVEL": "ERROR"}
    if module == "torchcodec":
        # It brings no libav of its own; PyAV's are the newest here.
        environment["LD_LIBRARY_PATH"] = ":".join(map(str, pyav_libraries(directory)))
    return subprocess.Popen(
        [sys.executable, "-m", "bench.speed.peers.worker", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        env=environment,
        text=True,
    )


def pyav_libraries(directory: Path) -> list[Path]:
    """Makes PyAV's libraries known by their usual names; returns where to look for them."""
    spec = find_spec("av")
    assert spec and spec.origin
    bundled = Path(spec.origin).parents[1] / "av.libs"
    for file in bundled.glob("lib*.so.*"):
        if named := SONAME.match(file.name):
            (directory / "".join(named.groups())).symlink_to(file)
    return [directory, bundled]
