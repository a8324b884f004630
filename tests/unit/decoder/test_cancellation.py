"""Cancel is kill."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal

import pytest

from framecap.errors import DecoderLost
from support.decoder.jobs import alive, capture, cases, descriptors, job, source, until


async def consume(launcher, text: str, pids: list[int]) -> None:
    with source(text) as descriptor:
        async with await launcher.launch(descriptor) as decoder:
            await decoder.send(job())
            pids.append(decoder.pid)
            async for _ in decoder.messages():
                pass


@pytest.mark.parametrize("text", ["hang", "flood 100000"])
async def test_a_cancelled_consumer_kills_its_decoder(launcher, text):
    await capture(launcher, "capture 1")
    before = descriptors()
    pids: list[int] = []
    task = asyncio.create_task(consume(launcher, text, pids))
    await until(lambda: bool(pids))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not alive(pids[0])
    assert descriptors() == before
    await until(lambda: launcher.alive == 0)
    assert cases(await capture(launcher, "capture 1"))[-1] == "finished"


async def test_cancelling_again_while_it_ends_leaves_nothing(launcher):
    await capture(launcher, "capture 1")
    before = descriptors()
    pids: list[int] = []
    task = asyncio.create_task(consume(launcher, "hang", pids))
    await until(lambda: bool(pids))
    while not task.done():
        task.cancel()
        await asyncio.sleep(0)
    assert task.cancelled()
    assert not alive(pids[0])
    assert descriptors() == before


async def test_a_launch_cancelled_at_any_step_leaves_nothing(launcher):
    await capture(launcher, "capture 1")
    before = descriptors()
    for steps in range(12):
        with source("hang") as descriptor:
            task = asyncio.create_task(launcher.launch(descriptor))
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                async with await task:
                    pass
    # The server answers in order: once this is done, so is everything before it.
    await capture(launcher, "capture 1")
    await until(lambda: launcher.alive == 0)
    assert descriptors() == before


async def test_a_consumer_that_breaks_off_kills_its_decoder(launcher):
    with source("hang") as descriptor:
        async with await launcher.launch(descriptor) as decoder:
            await decoder.send(job())
            async with contextlib.aclosing(decoder.messages()) as messages:
                await anext(messages)
    assert not alive(decoder.pid)


async def test_a_killed_decoder_is_lost(launcher):
    with source("hang") as descriptor:
        async with await launcher.launch(descriptor) as decoder:
            await decoder.send(job())
            messages = decoder.messages()
            await anext(messages)
            decoder.kill()
            with pytest.raises(DecoderLost):
                await anext(messages)
            decoder.kill()


async def test_sending_to_a_dead_decoder_does_nothing(launcher):
    with source("hang") as descriptor:
        async with await launcher.launch(descriptor) as decoder:
            os.kill(decoder.pid, signal.SIGKILL)
            await until(lambda: not alive(decoder.pid))
            await decoder.send(job())
            with pytest.raises(DecoderLost):
                [_ async for _ in decoder.messages()]
