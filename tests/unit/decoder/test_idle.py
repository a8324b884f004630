"""Decoders forked ahead of their captures."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import socket
from collections.abc import AsyncIterator

import pytest

from framecap.decoder.child.forked import Children
from framecap.decoder.service.launcher import ForkServer
from framecap.decoder.service.settings import DecoderSettings
from support.decoder.jobs import COMMAND, alive, capture, cases, children, collect, source, until

IDLE = 2


@pytest.fixture
def decoder_settings() -> DecoderSettings:
    return DecoderSettings(idle_decoders=IDLE, stall_after=0.5)


@pytest.fixture
async def forkserver(decoder_settings: DecoderSettings) -> AsyncIterator[ForkServer]:
    """A fork server that has its idle decoders."""
    server = await ForkServer.start(decoder_settings, command=COMMAND)
    await until(lambda: len(children(server.pid)) == IDLE)
    yield server
    await server.close()


async def test_a_capture_takes_one_and_another_is_forked(forkserver):
    before = children(forkserver.pid)
    with source("capture 1") as descriptor:
        decoder = await forkserver.launch(descriptor)
    async with decoder:
        assert decoder.pid in before
        assert cases(await collect(decoder))[-1] == "finished"
    await until(lambda: len(children(forkserver.pid)) == IDLE)
    assert decoder.pid not in children(forkserver.pid)


async def test_each_serves_one_capture(forkserver):
    pids = []
    for _ in range(4 * IDLE):
        with source("capture 1") as descriptor:
            decoder = await forkserver.launch(descriptor)
        async with decoder:
            await collect(decoder)
        pids.append(decoder.pid)
    assert len(set(pids)) == len(pids)


async def test_more_captures_at_once_than_are_idle(forkserver):
    counts = range(1, 4 * IDLE)
    found = await asyncio.gather(*(capture(forkserver, f"capture {n}") for n in counts))
    for count, messages in zip(counts, found, strict=True):
        indexes = [m.image.facts.index for m in messages if m.HasField("image")]
        assert indexes == list(range(1, count + 1))
    await until(lambda: len(children(forkserver.pid)) == IDLE)


async def test_one_that_dies_is_replaced(forkserver):
    (victim, *others) = children(forkserver.pid)
    os.kill(victim, signal.SIGKILL)
    await until(lambda: not alive(victim))
    await until(lambda: len(children(forkserver.pid)) == IDLE)
    assert children(forkserver.pid) >= set(others)
    assert forkserver.alive == 0


async def test_one_that_just_died_is_passed_over(forkserver):
    os.kill(forkserver.pid, signal.SIGSTOP)
    for pid in children(forkserver.pid):
        os.kill(pid, signal.SIGKILL)
    captured = asyncio.create_task(capture(forkserver, "capture 1"))
    await asyncio.sleep(0.05)
    os.kill(forkserver.pid, signal.SIGCONT)
    assert cases(await captured)[-1] == "finished"


async def test_waiting_for_a_capture_is_not_stalling(forkserver, decoder_settings):
    await asyncio.sleep(2 * decoder_settings.stall_after)
    assert cases(await capture(forkserver, "capture 1"))[-1] == "finished"


async def test_closing_ends_them(forkserver):
    pids = children(forkserver.pid)
    await forkserver.close()
    assert not any(map(alive, pids))


async def test_they_are_not_counted_as_running(forkserver):
    assert forkserver.alive == 0


class Counted:
    """Children that end at once, and how many were forked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.forks = 0
        fork = os.fork

        def counting() -> int:
            self.forks += 1
            return fork()

        monkeypatch.setattr(os, "fork", counting)

    def at_work(self, descriptors: tuple[int, ...], parent: int) -> None:
        os._exit(0)

    def idle(self, waiting: int, parent: int) -> None:
        with socket.socket(fileno=waiting) as sock:
            sock.recv(1)
        os._exit(0)


@pytest.mark.parametrize("captures", [0, 1, IDLE, IDLE + 3])
def test_there_is_one_fork_per_capture_and_one_per_idle_decoder(monkeypatch, captures):
    counted = Counted(monkeypatch)
    known = Children(counted, IDLE)
    while known.ahead_in_ms() is not None:
        known.fork_ahead()
    with open(os.devnull) as nothing:
        for number in range(captures):
            known.start(number, (nothing.fileno(),))
    while known.ahead_in_ms() is not None:
        known.fork_ahead()
    assert counted.forks == captures + IDLE
    known.end()


class Forking:
    """Turns a fork into the leader of a group with another process in it, which says its id."""

    def __init__(self, told: int) -> None:
        self._told = told

    def idle(self, waiting, parent):
        os.setsid()
        pid = os.fork()
        if pid:
            os.write(self._told, b"%d" % pid)
        signal.pause()
        os._exit(0)


@pytest.mark.parametrize("at_the_end", [False, True])
def test_what_a_decoder_has_forked_ends_with_it(at_the_end):
    hears, told = os.pipe()
    known = Children(Forking(told), 1)
    known.fork_ahead()
    other = os.pidfd_open(int(os.read(hears, 20)))
    try:
        (pidfd,) = known
        if not at_the_end:
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)
            while known.reap(pidfd) is None:
                pass
            assert select.select([other], [], [], 10)[0]
        known.end()
        assert select.select([other], [], [], 10)[0]
    finally:
        for descriptor in (hears, told, other):
            os.close(descriptor)


def test_after_one_died_the_next_is_forked_later(monkeypatch):
    counted = Counted(monkeypatch)
    known = Children(counted, 1)
    assert known.ahead_in_ms() == 0
    known.fork_ahead()
    (pidfd,) = known
    assert known.ahead_in_ms() is None
    signal.pidfd_send_signal(pidfd, signal.SIGKILL)
    ended = None
    while ended is None:
        ended = known.reap(pidfd)
    assert os.WTERMSIG(ended.status) == signal.SIGKILL
    assert known.ahead_in_ms() > 0
