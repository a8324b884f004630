"""What a decoder is left with."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import pytest

from framecap.decoder.child import confine, start
from framecap.decoder.child.confine import Confinement, ConfinementError
from framecap.decoder.child.forked_server import serve_forked
from framecap.decoder.service.launcher import DirectFork, ForkServer
from framecap.decoder.service.settings import DecoderSettings
from framecap.errors import InternalError
from support.decoder import program
from support.decoder.jobs import COMMAND, capture, children, job, source, until

SECRET = "FRAMECAP_TEST_SECRET"
THE_C_LIBRARYS_OWN = 0b11 << 31


@pytest.fixture(params=["fork server", "idle", "direct"])
async def launcher(request, monkeypatch):
    monkeypatch.setenv(SECRET, "s3cret")
    if request.param == "direct":
        made = DirectFork(partial(serve_forked, run=program.run))
    else:
        settings = DecoderSettings(idle_decoders=1 if request.param == "idle" else 0)
        made = await ForkServer.start(settings, command=COMMAND)
        await until(lambda: len(children(made.pid)) == settings.idle_decoders)
    yield made
    await made.close()


@pytest.fixture
async def found(launcher) -> dict[str, str]:
    with source("inspect") as descriptor:
        decoder = await launcher.launch(descriptor)
    async with decoder:
        await decoder.send(job())
        messages = [message async for message in decoder.messages()]
    return dict(messages[1].warning.metadata)


async def test_a_decoder_gives_up_what_it_does_not_need(found):
    # The C library keeps two signals for itself.
    assert int(found.pop("SigCgt"), 16) & ~THE_C_LIBRARYS_OWN == 0
    assert found == {
        "environment": "{}",
        "native environment": "[]",
        "standard streams": "/dev/null /dev/null /dev/null",
        "others": "socket /memfd",
        "dumpable": "0",
        "dies with parent": "9",
        "core": "(0, 0)",
        "descriptors": "(32, 32)",
        "session": "True",
        "oom": "1000",
        "NoNewPrivs": "1",
        "SigBlk": "0000000000000000",
        "SigIgn": "0000000000000000",
        "Threads": "1",
    }


async def test_no_process_shows_an_environment(forkserver):
    async with await forkserver.launch() as decoder:
        for pid in (forkserver.pid, decoder.pid):
            assert environment(pid) == b""


async def test_the_fork_server_has_one_thread_and_its_connection():
    server = await ForkServer.start(DecoderSettings(idle_decoders=0))
    assert len(os.listdir(f"/proc/{server.pid}/task")) == 1
    *standard, control = [os.readlink(f"/proc/{server.pid}/fd/{fd}") for fd in held(server.pid)]
    assert standard[:2] == ["/dev/null", "/dev/null"]
    assert len(standard) == 3
    assert control.startswith("socket:")
    await server.close()


def test_a_step_that_fails_says_which():
    def take_the_moon(_: Confinement) -> None:
        raise OSError("out of reach")

    with pytest.raises(ConfinementError, match="take_the_moon: out of reach"):
        confine.confine(Confinement(parent=0, keep=()), (take_the_moon,))


async def test_a_decoder_that_cannot_be_confined_does_not_work(monkeypatch, expected_errors):
    expected_errors.append("incident")

    def take_the_moon(_: Confinement) -> None:
        raise OSError("out of reach")

    monkeypatch.setattr(start, "DECODER_STEPS", (*confine.DECODER_STEPS, take_the_moon))
    direct = DirectFork(partial(serve_forked, run=program.run))
    with pytest.raises(InternalError):
        await capture(direct, "capture 1")
    await direct.close()


def environment(pid: int) -> bytes:
    """Returns what others can see of a process's environment."""
    try:
        return Path("/proc", str(pid), "environ").read_bytes()
    except PermissionError:  # For others than root there is nothing to see at all.
        return b""


def held(pid: int) -> list[int]:
    """Returns the descriptors of a process, ascending."""
    return sorted(map(int, os.listdir(f"/proc/{pid}/fd")))
