"""What a service leaves behind that is killed: nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.decoder.jobs import alive, children, until
from support.decoder.service import IDLE, TEXTS

PROGRAM = Path(__file__).parents[2] / "support" / "decoder" / "service.py"


@pytest.fixture(params=["fork server", "direct"])
def service(request) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, str(PROGRAM), request.param]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_decoders_do_not_outlive_their_service(service, number):
    pids = [int(service.stdout.readline()) for _ in range(1 + len(TEXTS))]
    assert all(map(alive, pids))
    os.kill(service.pid, number)
    service.wait()
    await until(lambda: not any(map(alive, pids)))


async def test_decoders_do_not_outlive_their_fork_server(service):
    server, *decoders = [int(service.stdout.readline()) for _ in range(1 + len(TEXTS))]
    os.kill(server, signal.SIGKILL)
    await until(lambda: not any(map(alive, decoders)))


async def test_the_terminals_interrupt_is_for_the_service_alone(service):
    pids = [int(service.stdout.readline()) for _ in range(1 + len(TEXTS))]
    assert all(os.getpgid(pid) != os.getpgid(service.pid) for pid in pids)
    assert all(os.getsid(pid) != os.getsid(service.pid) for pid in pids)


@pytest.mark.parametrize("victim", ["service", "fork server"])
async def test_idle_decoders_outlive_neither(service, victim):
    server, *decoders = [int(service.stdout.readline()) for _ in range(1 + len(TEXTS))]
    if service.args[-1] == "direct":
        assert children(server) == set(decoders)
        return
    await until(lambda: len(children(server)) == len(decoders) + IDLE)
    idle = children(server) - set(decoders)
    os.kill(service.pid if victim == "service" else server, signal.SIGKILL)
    await until(lambda: not any(map(alive, idle)))
