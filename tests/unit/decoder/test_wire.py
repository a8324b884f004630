"""Messages between service and decoder, on both kinds of socket."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator

import pytest

from framecap.decoder.service.channel import READ_AHEAD_BYTES, AsyncChannel, Overdue
from framecap.decoder.v1.decoder_pb2 import FromDecoder, ReadAnswer, ReadRequest, ToDecoder
from framecap.decoder.wire.framing import (
    BlockingChannel,
    MessageMalformed,
    MessageTooLong,
    StreamCut,
    StreamEnded,
    frame,
)

CAP = 1024 * 1024
READ = FromDecoder(read=ReadRequest(offset=5, length=7))
FRAMED = b"".join(frame(READ))

BROKEN = [
    pytest.param(b"", StreamEnded, id="nothing"),
    pytest.param(b"\0\0", StreamCut, id="half a header"),
    pytest.param(FRAMED[:-1], StreamCut, id="half a message"),
    pytest.param(b"\0\0\0\5", StreamCut, id="a header alone"),
    pytest.param(b"\xff\xff\xff\xff", MessageTooLong, id="the largest length"),
    pytest.param((CAP + 1).to_bytes(4, "big"), MessageTooLong, id="one byte too many"),
    pytest.param(b"\0\0\0\2\xff\xff", MessageMalformed, id="no protobuf"),
    pytest.param(b"\0\0\0\0", MessageMalformed, id="an empty message"),
    pytest.param(b"\0\0\0\3\xf8\x07\1", MessageMalformed, id="a case nobody knows"),
]


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_a_message_crosses_a_blocking_socket(ends):
    BlockingChannel(ends[0], FromDecoder, CAP).send(READ)
    assert BlockingChannel(ends[1], FromDecoder, CAP).receive() == READ


async def test_a_message_crosses_a_socket_in_a_loop(ends):
    await AsyncChannel(ends[0], FromDecoder, CAP).send(READ)
    assert await AsyncChannel(ends[1], FromDecoder, CAP).receive() == READ


async def test_a_message_larger_than_the_socket_arrives_whole(ends):
    message = ToDecoder(read=ReadAnswer(data=bytes(range(256)) * 4000))
    sender = threading.Thread(
        target=BlockingChannel(ends[0], FromDecoder, CAP).send, args=(message,)
    )
    sender.start()
    received = await AsyncChannel(ends[1], ToDecoder, 2 * CAP).receive()
    sender.join()
    assert received == message


def test_a_decoder_reads_nothing_ahead(ends):
    channel = BlockingChannel(ends[0], FromDecoder, CAP)
    channel.send(READ)
    channel.send(READ)
    BlockingChannel(ends[1], FromDecoder, CAP).receive()
    assert ends[1].recv(CAP) == FRAMED


async def test_little_is_read_ahead(ends):
    count = 2 * READ_AHEAD_BYTES // len(FRAMED)
    ends[0].sendall(FRAMED * count)
    channel = AsyncChannel(ends[1], FromDecoder, CAP)
    await channel.receive()
    assert len(ends[1].recv(CAP, socket.MSG_PEEK)) >= count * len(FRAMED) - READ_AHEAD_BYTES
    assert [await channel.receive() for _ in range(count - 1)] == [READ] * (count - 1)


async def test_a_channel_knows_what_has_arrived_whole(ends):
    channel = AsyncChannel(ends[1], FromDecoder, CAP)
    ends[0].sendall(FRAMED * 2 + FRAMED[:-1])
    assert not channel.has_more
    await channel.receive()
    assert channel.has_more
    await channel.receive()
    assert not channel.has_more
    ends[0].sendall(FRAMED[-1:])
    assert await channel.receive() == READ


async def test_a_wait_ends_at_its_deadline(ends):
    now = asyncio.get_running_loop().time()
    ours, theirs = (AsyncChannel(end, FromDecoder, CAP) for end in ends)
    with pytest.raises(Overdue):
        await ours.receive(lambda: now + 0.01)
    large = ToDecoder(read=ReadAnswer(data=bytes(8 * CAP)))
    with pytest.raises(Overdue):
        await theirs.send(large, lambda: now + 0.02)


async def test_a_flood_lets_others_in(ends):
    ends[0].sendall(FRAMED * (4 * READ_AHEAD_BYTES // len(FRAMED)))
    channel = AsyncChannel(ends[1], FromDecoder, CAP)
    turns = 0

    async def take_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(take_turns())
    for _ in range(4 * READ_AHEAD_BYTES // len(FRAMED)):
        await channel.receive()
    other.cancel()
    assert turns >= 4


async def test_messages_of_many_threads_do_not_mix(ends):
    channel = BlockingChannel(ends[0], FromDecoder, CAP)

    def send(first: int) -> None:
        for offset in range(first, first + 200):
            channel.send(FromDecoder(read=ReadRequest(offset=offset)))

    senders = [threading.Thread(target=send, args=(first,)) for first in (0, 1000, 2000)]
    for sender in senders:
        sender.start()
    receiver = AsyncChannel(ends[1], FromDecoder, CAP)
    offsets = sorted([(await receiver.receive()).read.offset for _ in range(600)])
    for sender in senders:
        sender.join()
    assert offsets == [*range(200), *range(1000, 1200), *range(2000, 2200)]


@pytest.mark.parametrize(("received", "error"), BROKEN)
def test_a_blocking_reader_refuses(ends, received, error):
    ends[0].sendall(received)
    ends[0].close()
    with pytest.raises(error):
        BlockingChannel(ends[1], FromDecoder, CAP).receive()


@pytest.mark.parametrize(("received", "error"), BROKEN)
async def test_a_reader_in_a_loop_refuses(ends, received, error):
    ends[0].sendall(received)
    ends[0].close()
    with pytest.raises(error):
        await AsyncChannel(ends[1], FromDecoder, CAP).receive()


async def test_a_peer_that_dies_with_unread_bytes_has_ended(ends):
    ends[1].sendall(b"unread")
    ends[0].sendall(FRAMED)
    ends[0].close()
    channel = AsyncChannel(ends[1], FromDecoder, CAP)
    assert await channel.receive() == READ
    with pytest.raises(StreamEnded):
        await channel.receive()
