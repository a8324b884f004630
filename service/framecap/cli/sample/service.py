"""The demo's own service: a process of its own, on free ports."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click
import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

START_SECONDS: Final = 30
STOP_SECONDS: Final = 15


@contextmanager
def running_service(folder: Path) -> Iterator[grpc.Channel]:
    """Runs a service that reads the videos of `folder`, and yields a channel to it.

    Its log is `service.log` in the folder. The service is stopped when the block ends.
    """
    address = f"127.0.0.1:{_free_port()}"
    log = folder / "service.log"
    command = [sys.executable, "-m", "framecap.cli.main", "serve"]
    command += ["--listen", address, "--metrics", f"127.0.0.1:{_free_port()}"]
    command += ["--data", str(folder / "data"), "--allow-path", str(folder)]
    with (
        log.open("wb") as stream,
        subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream
        ) as process,
    ):
        try:
            with grpc.insecure_channel(address) as channel:
                _wait(channel, process, log)
                yield channel
        finally:
            _stop(process)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(channel: grpc.Channel, process: subprocess.Popen[bytes], log: Path) -> None:
    """Returns once the service's health is SERVING."""
    health = health_pb2_grpc.HealthStub(channel)
    until = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < until:
        try:
            answer = health.Check(
                health_pb2.HealthCheckRequest(), timeout=START_SECONDS, wait_for_ready=False
            )
        except grpc.RpcError:
            time.sleep(0.05)
            continue
        if answer.status == health_pb2.HealthCheckResponse.SERVING:
            return
        time.sleep(0.05)
    raise click.ClickException(f"the service did not start; its log is {log}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
