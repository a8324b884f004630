"""A worker in a process of its own, whose leases are short. Its settings are its environment.

python -m support.tasks.worker_process LEASE
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from framecap.config import load
from framecap.server import assembly
from framecap.server.serve import serve
from framecap.tasks.embedded.engine import EmbeddedEngine
from framecap.tasks.engine import EngineSettings

S = 1_000_000_000
END_S = 30


def shorten_leases(lease: int) -> None:
    """Gives the engines of services leases of so many nanoseconds."""
    short = EngineSettings(lease=lease)
    assembly.EmbeddedEngine = lambda path, envelope, settings: EmbeddedEngine(  # type: ignore
        path, envelope=envelope, settings=short
    )


@dataclass(frozen=True)
class Worker:
    """A running worker."""

    process: subprocess.Popen[bytes]
    log: Path

    def facts(self, message: str) -> list[dict[str, Any]]:
        """Returns the facts of the lines of its log with a message."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines()]
        return [line for line in lines if line["message"] == message]

    @property
    def outcomes(self) -> list[str]:
        """How its attempts ended."""
        return [facts["outcome"] for facts in self.facts("attempt ended")]

    def send(self, number: signal.Signals) -> None:
        """Sends it a signal."""
        self.process.send_signal(number)


@contextmanager
def worker_process(
    data: Path, lease: int, name: str, *, exit_status: int = 0, **more: str
) -> Iterator[Worker]:
    """Runs a worker during the block, and ends it after, however it stands.

    Args:
        data: The data directory.
        lease: The duration of its leases in nanoseconds.
        name: The name of its log.
        exit_status: The status with which it ends: of one that the block kills, less the signal.
        more: More of its environment.
    """
    tests = Path(__file__).parents[2]
    log = data / f"{name}.log"
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(tests),
        "FRAMECAP_DATA": str(data),
        "FRAMECAP_LISTEN": "127.0.0.1:0",
        "FRAMECAP_METRICS": "off",
        "FRAMECAP_ROLE": "worker",
        "FRAMECAP_TASK_SLOTS": "1",
        "FRAMECAP_IDLE_DECODERS": "0",
    }
    with log.open("wb") as errors:
        process = subprocess.Popen(
            (sys.executable, "-m", "support.tasks.worker_process", str(lease)),
            stderr=errors,
            env=environment | more,
        )
    try:
        yield Worker(process, log)
    finally:
        for number in (signal.SIGCONT, signal.SIGTERM):
            process.send_signal(number)
        try:
            status = process.wait(END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
    assert status == exit_status, log.read_text()


if __name__ == "__main__":
    shorten_leases(int(sys.argv[1]))
    asyncio.run(serve(load()))
