"""Sources that the service reads for its decoder."""

from __future__ import annotations

import io
import os
import socket

import pytest

from framecap.decoder.child.source import (
    BLOCK_BYTES,
    KEPT_BLOCKS,
    LocalFile,
    RemoteFile,
    SourceRequests,
)
from framecap.decoder.service.process import Decoder
from framecap.decoder.v1.decoder_pb2 import FromDecoder, ReadAnswer, ToDecoder
from framecap.decoder.wire.framing import BlockingChannel
from framecap.errors import DecoderCrashed
from support.decoder.jobs import alive, cases, job, source, until

SIZE = 10_000


def content(text: str, size: int = SIZE) -> bytes:
    return text.encode().ljust(300, b"\0").ljust(size, b"x")


async def serve(decoder: Decoder, data: bytes) -> list[FromDecoder]:
    """Answers a decoder's reads from `data`; returns its messages."""
    await decoder.send(job(remote=True, size=len(data)))
    seen = []
    async for message in decoder.messages():
        seen.append(message)
        if message.HasField("read"):
            part = data[message.read.offset :][: message.read.length]
            await decoder.answer(ReadAnswer(number=message.read.number, data=part))
    return seen


async def test_a_remote_source_is_read_where_it_is_asked_for(launcher):
    data = content("digest 0:6 9990:100 20000:5 200:0")
    async with await launcher.launch() as decoder:
        messages = await serve(decoder, data)
    reads = [(m.read.offset, m.read.length) for m in messages if m.HasField("read")]
    assert reads == [(0, SIZE)]
    assert dict(messages[-2].warning.metadata) == {
        "0:6": f"{b'digest'.hex()} 6 6",
        "9990:100": f"{(b'x' * 10).hex()} 10 10000",
        "20000:5": " 0 20000",
        "200:0": " 0 200",
    }


async def test_a_source_is_asked_for_in_blocks_some_of_which_are_kept(launcher):
    blocks = KEPT_BLOCKS + 2
    data = content(f"revisit {blocks}", blocks * BLOCK_BYTES - 1)
    async with await launcher.launch() as decoder:
        messages = await serve(decoder, data)
    asked = [(m.read.offset // BLOCK_BYTES, m.read.length) for m in messages if m.HasField("read")]
    lengths = [BLOCK_BYTES] * (blocks - 1) + [BLOCK_BYTES - 1]
    assert asked == [*enumerate(lengths), (0, BLOCK_BYTES)]
    assert cases(messages)[-1] == "finished"


async def test_reads_of_one_thread_and_images_of_another_do_not_mix(launcher):
    async with await launcher.launch() as decoder:
        messages = await serve(decoder, content("read_in_threads"))
    images = [m.image.facts.index for m in messages if m.HasField("image")]
    assert images == list(range(1, 201))
    assert messages[-2].warning.metadata["bytes"] == str(200 * 50)


async def test_a_source_that_fails_ends_its_decoder(launcher):
    async with await launcher.launch() as decoder:
        await decoder.send(job(remote=True, size=SIZE))
        with pytest.raises(DecoderCrashed):
            async for message in decoder.messages():
                assert message.HasField("read")
                await decoder.answer(ReadAnswer(number=message.read.number, failed=True))
        await until(lambda: not alive(decoder.pid))


def test_a_file_has_a_position_of_its_own():
    with source("0123456789") as descriptor:
        one, two = LocalFile(descriptor, 10), LocalFile(descriptor, 10)
        assert (one.read(4), two.read(2), one.tell(), two.tell()) == (b"0123", b"01", 4, 2)
        assert os.lseek(descriptor, 0, os.SEEK_CUR) == 0
        assert one.seek(-3, os.SEEK_END) == 7
        assert (one.read(), one.read(), one.read(1)) == (b"789", b"", b"")
        assert one.seek(-9, os.SEEK_CUR) == 1
        assert one.read(0) == b""
        assert (one.bytes_read, two.bytes_read) == (7, 2)


def test_a_file_is_one_to_the_library_too():
    with source("0123456789") as descriptor, LocalFile(descriptor, 10) as file:
        assert file.readable() and file.seekable() and not file.writable()
        buffer = bytearray(4)
        assert file.readinto(buffer) == 4
        assert bytes(buffer) == b"0123"
        assert file.readall() == b"456789"
        assert io.BufferedReader(file).read() == b""


def test_a_position_before_the_beginning_is_refused():
    with source("0123") as descriptor, pytest.raises(OSError, match="before the beginning"):
        LocalFile(descriptor, 4).seek(-1)


def test_a_file_ends_at_its_size():
    with source("0123456789") as descriptor:
        assert LocalFile(descriptor, 4).read() == b"0123"


def test_an_index_may_name_a_place_that_no_message_can():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        service = BlockingChannel(ours, FromDecoder, 1 << 20)
        service.send(ToDecoder(read=ReadAnswer(number=1, data=b"moov")))
        file = RemoteFile(SourceRequests(BlockingChannel(theirs, ToDecoder, 1 << 20)), 4)
        assert file.read_at(0, 4, until=2**63 + 45613) == b"moov"
        assert service.receive().read.until == 4
