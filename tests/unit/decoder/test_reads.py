"""Reads of a decoder, answered by the service while the capture goes on."""

from __future__ import annotations

import asyncio

import pytest

from framecap.decoder.service import reads
from framecap.decoder.v1.decoder_pb2 import FromDecoder
from framecap.errors import InternalError, SourceChanged
from framecap.source.opened import Traffic
from support.decoder.jobs import alive, cases, job, until

SIZE = 9_000_000


class Memory:
    """A source in memory; a read may wait for others, or fail."""

    def __init__(self, text: str, *, failure: Exception | None = None, together: int = 1) -> None:
        self.data = text.encode().ljust(SIZE, b"\0")
        self.failure = failure
        self.waiting = 0
        self.together = together
        self.gathered = asyncio.Event()

    @property
    def traffic(self) -> Traffic:
        return Traffic(bytes=5, requests=2, seconds=0.25)

    async def read(self, offset: int, length: int, *, until: int = 0) -> bytes:
        if offset:
            if self.failure is not None:
                raise self.failure
            self.waiting += 1
            if self.waiting >= self.together:
                self.gathered.set()
            await self.gathered.wait()
        return self.data[offset : offset + length]

    async def close(self) -> None:
        pass


async def run(launcher, source: Memory) -> list[FromDecoder]:
    async with await launcher.launch() as decoder:
        await decoder.send(job(remote=True, size=SIZE))
        return [message async for message in reads.messages(decoder, source)]


async def test_reads_are_answered_and_not_told(launcher):
    messages = await run(launcher, Memory("digest 4000000:10 8999999:5"))
    assert cases(messages) == ["probed", "warning", "finished"]
    assert messages[1].warning.metadata["8999999:5"] == "00 1 9000000"


async def test_reads_of_several_threads_wait_side_by_side(launcher):
    messages = await run(launcher, Memory("read_side_by_side 4", together=4))
    assert messages[-2].warning.metadata == {"right": "4"}


async def test_a_read_that_fails_is_why_the_capture_fails(launcher):
    failure = SourceChanged("it changed")
    with pytest.raises(SourceChanged) as caught:
        await run(launcher, Memory("digest 4000000:10", failure=failure))
    assert caught.value is failure
    await until(lambda: launcher.alive == 0)


class TestFault:
    @pytest.fixture
    def expected_errors(self):
        return ["incident"]

    async def test_a_fault_of_ours_is_an_incident(self, launcher):
        with pytest.raises(InternalError):
            await run(launcher, Memory("digest 4000000:10", failure=ZeroDivisionError()))


async def test_who_stops_listening_ends_the_reads_too(launcher):
    source = Memory("digest 4000000:10", together=2)
    async with await launcher.launch() as decoder:
        await decoder.send(job(remote=True, size=SIZE))
        messages = reads.messages(decoder, source)
        await anext(messages)
        listening = asyncio.ensure_future(anext(messages))
        await until(lambda: source.waiting == 1)
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        await messages.aclose()
    await until(lambda: not alive(decoder.pid))
