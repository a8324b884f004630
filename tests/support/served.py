"""The real service, in a process of its own, as an operator starts it."""

from __future__ import annotations

import itertools
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

START_S = 30.0

FIRST_PORT, PORTS = 10_000, 20_000
_candidates = itertools.count(os.getpid() * 101)


class Served(NamedTuple):
    """A running `framecap serve`."""

    process: subprocess.Popen[str]
    address: str
    metrics: str


def command(name: str) -> Path:
    """Returns the path of a command of the environment the tests run in."""
    return Path(sys.executable).with_name(name)


def free_address() -> str:
    """Returns a loopback address that nothing listens on.

    Its port is not one the kernel gives to outgoing connections, and tests in other processes look
    for theirs elsewhere, so that it is still free when a service comes to listen there.
    """
    while True:
        port = FIRST_PORT + next(_candidates) % PORTS
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return f"127.0.0.1:{port}"


@contextmanager
def served(
    *, data: Path, allow: Path, exit_status: int = 0, **environment: str
) -> Iterator[Served]:
    """Runs a service, ready when the block begins, ended in good order when it ends.

    Args:
        data: Its data directory.
        allow: The directory whose files it may read.
        exit_status: The status with which it ends: of one that the block kills, less the signal.
        environment: All of its environment: settings, `FRAMECAP_…`.
    """
    address, metrics = free_address(), free_address()
    arguments = ("--listen", address, "--metrics", metrics, "--data", data, "--allow-path", allow)
    log = Path(data, "service.log")
    with log.open("w") as errors:
        process = subprocess.Popen(
            (command("framecap"), "serve", *arguments), stderr=errors, env=environment, text=True
        )
    try:
        _await_health(process, address, log)
        yield Served(process, address, metrics)
    finally:
        process.terminate()
        try:
            status = process.wait(timeout=START_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
    assert status == exit_status, log.read_text()


def _await_health(process: subprocess.Popen[str], address: str, log: Path) -> None:
    give_up = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < give_up:
        asked = subprocess.run(
            (command("framecap"), "health", "--address", address), capture_output=True, check=False
        )
        if asked.returncode == 0:
            return
    raise AssertionError(f"the service did not start:\n{log.read_text()}")
