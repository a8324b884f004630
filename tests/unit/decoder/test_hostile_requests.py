"""A fork server that is asked for nonsense, or on a machine that has no room."""

from __future__ import annotations

import os
import resource
import signal
import socket
import subprocess
from collections.abc import Iterator

import pytest

from framecap.decoder.service.settings import DecoderSettings
from framecap.decoder.wire import control
from framecap.decoder.wire.control import PacketMalformed, Reply, ReplyKind, Request
from framecap.errors import DecoderLost
from support.decoder.jobs import COMMAND, capture, cases, descriptors, until


@pytest.fixture
def decoder_settings() -> DecoderSettings:
    # With decoders forked ahead, how many descriptors there are is a matter of the moment.
    return DecoderSettings(idle_decoders=0)


@pytest.fixture
def server() -> Iterator[tuple[socket.socket, int]]:
    """A fork server that is ready, as its control socket and its process."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    command = [*COMMAND, str(theirs.fileno()), "0"]
    process = subprocess.Popen(command, env={}, pass_fds=(theirs.fileno(),))
    theirs.close()
    with ours, process:
        assert receive(ours) == Reply(kind=ReplyKind.READY)
        yield ours, process.pid
        ours.close()


def receive(sock: socket.socket) -> Reply:
    """Returns the next reply; closes what comes along."""
    sock.settimeout(20)
    data, _, _, _ = sock.recvmsg(100, 0, socket.MSG_PEEK)
    assert data
    packet = control.receive(sock)
    packet.close()
    return Reply.unpack(packet.data)


def launch(sock: socket.socket, number: int) -> None:
    """Starts a decoder and ends it."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        control.send(sock, Request(number=number).pack(), [theirs.fileno()])
        reply = receive(sock)
        assert (reply.kind, reply.number) == (ReplyKind.STARTED, number)
        os.kill(reply.pid, signal.SIGKILL)
    ended = receive(sock)
    assert (ended.kind, ended.number, ended.value) == (ReplyKind.EXITED, number, signal.SIGKILL)


REQUEST = Request(number=7).pack()

NONSENSE = (
    b"",
    b"x",
    REQUEST[:-1],
    REQUEST + b"x",
    b"abcd" + REQUEST[4:],
    bytes(100_000),
)


def test_nonsense_is_passed_over(server):
    sock, pid = server
    before = descriptors(pid)
    for packet in NONSENSE:
        for count in (0, 1, 2, 5):
            control.send(sock, packet, [0] * count if packet else [])
            launch(sock, count)
    assert descriptors(pid) == before


def test_a_wrong_number_of_descriptors_is_refused(server):
    sock, pid = server
    before = descriptors(pid)
    for count in (0, 3):
        control.send(sock, REQUEST, [0] * count)
        assert receive(sock).kind is ReplyKind.REFUSED
        launch(sock, 8)
    assert descriptors(pid) == before


def test_a_server_outlives_a_service_that_does_not_listen(server):
    sock, pid = server
    ours, theirs = socket.socketpair()
    with ours, theirs:
        asked = 0
        sock.setblocking(False)
        try:
            while asked < 5000:
                control.send(sock, b"fcap" + asked.to_bytes(8, "big"), [])
                asked += 1
        except BlockingIOError:
            pass
    refused = [receive(sock) for _ in range(asked)]
    assert [reply.number for reply in refused] == list(range(asked))
    launch(sock, 9999)
    assert descriptors(pid) == 4


async def test_a_fork_that_fails_is_refused_and_the_next_works(forkserver):
    pid = forkserver.pid
    before = descriptors(pid)
    soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    # The limit is on numbers: standard streams below, the control socket above. A launch needs 4.
    for room in (0, 1, 2, 3):
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (3 + room, hard))
        with pytest.raises(DecoderLost) as caught:
            await capture(forkserver, "capture 1")
        assert caught.value.retry_after_ms
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))
    assert cases(await capture(forkserver, "capture 1"))[-1] == "finished"
    assert forkserver.pid == pid
    await until(lambda: forkserver.alive == 0)
    assert descriptors(pid) == before


@pytest.mark.parametrize("packet", [b"", b"x", REQUEST, b"fcap\x09" + bytes(16)])
def test_a_reply_of_another_form_is_malformed(packet):
    with pytest.raises(PacketMalformed):
        Reply.unpack(packet)
