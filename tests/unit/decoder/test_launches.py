"""Many decoders, one after another and at once."""

from __future__ import annotations

import asyncio
import os
import signal
from functools import partial

import pytest

from framecap.decoder.child.forked_server import serve_forked
from framecap.decoder.service.fork_server_link import ServerGone
from framecap.decoder.service.launcher import DirectFork, ForkServer
from framecap.errors import DecoderCrashed, DecoderLost
from support.decoder import program
from support.decoder.jobs import alive, capture, cases, descriptors, job, source, until


async def test_two_hundred_launches_leave_no_descriptor(forkserver):
    endings = ["capture 1", "leave 3", "corrupt 1", f"die {int(signal.SIGSEGV)}"]
    await capture(forkserver, endings[0])
    await until(lambda: forkserver.alive == 0)
    before = descriptors(), descriptors(forkserver.pid)
    for launch in range(200):
        try:
            await capture(forkserver, endings[launch % len(endings)])
        except DecoderCrashed:
            assert launch % len(endings) in (1, 3)
    await until(lambda: forkserver.alive == 0)
    ours, servers = before
    assert descriptors() == ours
    # The server may have been on its way to close those of the first one.
    assert descriptors(forkserver.pid) <= servers


async def test_decoders_at_once_do_not_mix(launcher):
    captures = [capture(launcher, f"capture {count}") for count in range(1, 13)]
    for count, messages in enumerate(await asyncio.gather(*captures), 1):
        indexes = [m.image.facts.index for m in messages if m.HasField("image")]
        assert indexes == list(range(1, count + 1))


async def test_one_that_crashes_does_not_touch_another(launcher):
    with source("flood 1000") as descriptor:
        other = await launcher.launch(descriptor)
    async with other:
        await other.send(job())
        messages = other.messages()
        await anext(messages)
        with pytest.raises(DecoderCrashed):
            await capture(launcher, f"die {int(signal.SIGSEGV)}")
        seen = [(await anext(messages)).image.facts.index for _ in range(300)]
    assert seen[-1] > seen[1] >= 1


async def test_two_decoders_of_one_descriptor_read_for_themselves(launcher):
    with source("digest 0:6 4000:96") as descriptor:
        os.lseek(descriptor, 3, os.SEEK_SET)
        found = []
        for _ in range(2):
            async with await launcher.launch(descriptor) as decoder:
                await decoder.send(job())
                messages = [m async for m in decoder.messages()]
                found.append(dict(messages[1].warning.metadata))
        assert os.lseek(descriptor, 0, os.SEEK_CUR) == 3
    assert found[0] == found[1]
    assert found[0]["0:6"] == f"{b'digest'.hex()} 6 6"
    assert found[0]["4000:96"] == f"{bytes(10).hex()} 96 4096"


async def test_the_running_are_counted(launcher):
    assert launcher.alive == 0
    async with await launcher.launch(), await launcher.launch():
        assert launcher.alive == 2
    await until(lambda: launcher.alive == 0)


async def test_a_server_that_dies_loses_its_captures_and_starts_again(forkserver):
    first = forkserver.pid
    with source("hang") as descriptor:
        decoder = await forkserver.launch(descriptor)
    async with decoder:
        await decoder.send(job())
        messages = decoder.messages()
        await anext(messages)
        os.kill(first, signal.SIGKILL)
        with pytest.raises(DecoderLost):
            await anext(messages)
    assert cases(await capture(forkserver, "capture 1"))[-1] == "finished"
    assert forkserver.pid != first
    assert alive(forkserver.pid)


async def test_launches_wait_for_a_server_that_starts_again(forkserver):
    os.kill(forkserver.pid, signal.SIGKILL)
    results = await asyncio.gather(*(capture(forkserver, "capture 1") for _ in range(5)))
    assert all(cases(messages)[-1] == "finished" for messages in results)


async def test_a_server_that_cannot_start_says_so():
    with pytest.raises(ServerGone, match="ended at once"):
        await ForkServer.start(command=("/bin/false",))


async def test_a_closed_launcher_launches_nothing(forkserver):
    await forkserver.close()
    with pytest.raises(DecoderLost):
        await forkserver.launch()


async def test_closing_ends_the_decoders(forkserver):
    async with await forkserver.launch() as decoder:
        await decoder.send(job(remote=True))
        await forkserver.close()
        with pytest.raises(DecoderLost):
            [_ async for _ in decoder.messages()]


async def test_a_direct_fork_captures_again_and_again():
    direct = DirectFork(partial(serve_forked, run=program.run))
    for count in (1, 2):
        messages = await capture(direct, f"capture {count}")
        assert len(messages) == count + 3
    await until(lambda: direct.alive == 0)
    await direct.close()


async def test_a_direct_fork_that_is_never_used_is_closed():
    direct = DirectFork(partial(serve_forked, run=program.run))
    await direct.close()
    assert not alive(direct.pid)


async def test_a_direct_fork_that_was_killed_has_lost_its_decoders():
    direct = DirectFork(partial(serve_forked, run=program.run))
    os.kill(direct.pid, signal.SIGKILL)
    with pytest.raises(DecoderLost):
        await direct.launch()
    await direct.close()
