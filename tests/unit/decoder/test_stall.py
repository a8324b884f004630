"""Decoders that do nothing, and those that only wait for us."""

from __future__ import annotations

import asyncio

import pytest

from framecap.decoder.service.settings import DecoderSettings
from framecap.decoder.v1.decoder_pb2 import ReadAnswer
from framecap.errors import Code, DecoderStalled
from support.decoder.jobs import alive, capture, cases, job, source, until


@pytest.fixture
def decoder_settings() -> DecoderSettings:
    return DecoderSettings(stall_after=1.0)


async def test_a_decoder_that_hangs_has_stalled(launcher):
    with pytest.raises(DecoderStalled) as caught:
        await capture(launcher, "hang")
    assert caught.value.code is Code.FAILED_PRECONDITION
    assert caught.value.reason == "DECODER_STALLED"
    assert str(caught.value) == "the decoder made no progress in this file for 1 seconds"
    assert caught.value.metadata == {"seconds": "1"}
    await until(lambda: launcher.alive == 0)
    assert cases(await capture(launcher, "capture 1"))[-1] == "finished"


async def test_a_decoder_that_reads_in_a_circle_has_stalled(launcher):
    async with await launcher.launch() as decoder:
        await decoder.send(job(remote=True))
        data = b"read_on".ljust(200, b"\0")
        with pytest.raises(DecoderStalled):
            async for message in decoder.messages():
                if message.HasField("read"):
                    await decoder.answer(ReadAnswer(number=message.read.number, data=data))


async def test_a_decoder_that_takes_no_answer_has_stalled(launcher):
    with source("hang") as descriptor:
        decoder = await launcher.launch(descriptor)
    async with decoder:
        await decoder.send(job())
        answering = asyncio.create_task(decoder.answer(ReadAnswer(data=bytes(4_000_000))))
        with pytest.raises(DecoderStalled):
            async for _ in decoder.messages():
                pass
        await answering
        await until(lambda: not alive(decoder.pid))


async def test_a_slow_consumer_is_no_stall(launcher):
    with source("capture 3") as descriptor:
        decoder = await launcher.launch(descriptor)
    seen = []
    async with decoder:
        await decoder.send(job())
        async for message in decoder.messages():
            seen.append(message)
            if message.HasField("image") and message.image.facts.index == 1:
                await asyncio.sleep(1.5)
    assert cases(seen)[-1] == "finished"


async def test_a_slow_source_is_no_stall(launcher):
    seen = []
    async with await launcher.launch() as decoder:
        await decoder.send(job(remote=True, size=9))
        async for message in decoder.messages():
            seen.append(message)
            if message.HasField("read"):
                await asyncio.sleep(1.5)
                number = message.read.number
                await decoder.answer(ReadAnswer(number=number, data=b"capture 1"))
    assert cases(seen)[-1] == "finished"
