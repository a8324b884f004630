"""The fork server: a program with one thread that has everything loaded and forks decoders.

It runs as `python -I -m framecap.decoder.forkserver FD IDLE`, FD being its end of the connection to
the service and IDLE how many decoders to have forked ahead, and ends with that connection. It waits
for nothing but the next packet and the exit of a decoder, and forks ahead while neither is there.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import importlib
import os
import select
import signal
import socket
import sys
from collections import deque
from collections.abc import Callable
from typing import Final, NoReturn, TypeAlias

from framecap.decoder import confine, control, memory
from framecap.decoder.children import Become, Children
from framecap.decoder.confine import SERVER_STEPS, Confinement, forget_environment
from framecap.decoder.control import Packet, PacketMalformed, Reply, ReplyKind, Request

Run: TypeAlias = Callable[[socket.socket, int | None], NoReturn]

PRELOAD: Final = ("framecap.decoder.child", "framecap.decoder.warm_up")
"""What every decoder needs; each brings what it stands on."""

ROUNDS: Final = 8
"""How often Python runs a function before it specializes it."""


class Server:
    """Starts a decoder per request and reports its exit.

    Holds one descriptor per decoder, one more while that is idle, none of a decoder that ended.

    Args:
        sock: The connection to the service.
        become: What a child does.
        idle: How many decoders to have forked ahead.
    """

    def __init__(self, sock: socket.socket, become: Become, idle: int = 0) -> None:
        self._sock = sock
        self._children = Children(become, idle)
        self._outbox: deque[tuple[bytes, tuple[int, ...]]] = deque()

    def serve(self) -> None:
        """Serves until the service closes the connection, then ends all decoders."""
        try:
            # A command that is refused at once does not wait for this to be ready.
            with contextlib.suppress(ConnectionError):
                self._post(Reply(kind=ReplyKind.READY))
                while self._turn():
                    pass
        finally:
            self._children.end()

    def _turn(self) -> bool:
        """Waits for the next thing and does it; returns False when the service is gone."""
        poll = select.poll()
        # New requests wait while the service does not take what it is told.
        poll.register(self._sock, select.POLLOUT if self._outbox else select.POLLIN)
        for pidfd in self._children:
            poll.register(pidfd, select.POLLIN)
        events = dict(poll.poll(self._children.ahead_in_ms()))
        if not events:
            self._children.fork_ahead()
            return True
        mask = events.pop(self._sock.fileno(), 0)
        try:
            for pidfd in events:
                self._reap(pidfd)
            if mask and not self._outbox:
                return self._take_request(mask)
            self._flush()
        except ConnectionError:
            return False
        return not mask & (select.POLLERR | select.POLLNVAL)

    def _take_request(self, mask: int) -> bool:
        try:
            packet = control.receive(self._sock)
        except BlockingIOError:
            return True
        try:
            if not packet.data:
                # An empty packet looks like the end, but the end also hangs up.
                return not mask & select.POLLHUP
            self._answer(packet)
        finally:
            packet.close()
        return True

    def _answer(self, packet: Packet) -> None:
        try:
            request = Request.unpack(packet.data)
        except PacketMalformed:
            return
        if not packet.complete or not packet.descriptors:
            # The kernel cuts descriptors off when this process may not open more.
            self._refuse(request, errno.EMFILE)
            return
        try:
            self._start(request, packet.descriptors)
        except OSError as error:
            self._refuse(request, error.errno or errno.EAGAIN)

    def _start(self, request: Request, descriptors: tuple[int, ...]) -> None:
        child = self._children.start(request.number, descriptors)
        try:
            pidfd = os.dup(child.pidfd)
        except OSError:
            signal.pidfd_send_signal(child.pidfd, signal.SIGKILL)
            raise
        reply = Reply(kind=ReplyKind.STARTED, number=request.number, pid=child.pid)
        self._post(reply, (pidfd,))

    def _refuse(self, request: Request, number: int) -> None:
        self._post(Reply(kind=ReplyKind.REFUSED, number=request.number, value=number))

    def _reap(self, pidfd: int) -> None:
        ended = self._children.reap(pidfd)
        if ended is None:
            return
        child, status = ended
        if child.number is not None:
            kind = ReplyKind.EXITED
            self._post(Reply(kind=kind, number=child.number, pid=child.pid, value=status))

    def _post(self, reply: Reply, descriptors: tuple[int, ...] = ()) -> None:
        """Has a reply sent as soon as the service takes it; closes its descriptors then."""
        self._outbox.append((reply.pack(), descriptors))
        self._flush()

    def _flush(self) -> None:
        while self._outbox:
            packet, descriptors = self._outbox[0]
            try:
                control.send(self._sock, packet, descriptors)
            except BlockingIOError:
                return
            self._outbox.popleft()
            for descriptor in descriptors:
                os.close(descriptor)


def serve(descriptor: int, run: Run | None = None, *, idle: int = 0) -> NoReturn:
    """Is the fork server, on a control socket, until its service ends; then ends the process.

    Args:
        descriptor: The control socket.
        run: What a decoder runs; the worker when None.
        idle: How many decoders to have forked ahead.
    """
    become = _load(descriptor, run, ROUNDS)
    memory.give_back()
    _serve(descriptor, become, idle)


def serve_forked(descriptor: int, run: Run | None = None) -> NoReturn:
    """Is the fork server in a process that was forked, not executed; never returns."""
    try:
        # Rubbish of the parent may own descriptors by number: it must not be collected here.
        gc.freeze()
        os.setsid()
        _serve(descriptor, _load(descriptor, run, 0), 0)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    os._exit(1)


def _load(descriptor: int, run: Run | None, rounds: int) -> Become:
    """Loads and prepares all that a decoder needs, so that none does it again."""
    keep = Confinement(parent=os.getppid(), keep=(descriptor,))
    confine.confine(keep, SERVER_STEPS)
    # Threads do not survive a fork; OpenBLAS starts one per core unless told before it loads.
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    child, rehearsal = map(importlib.import_module, PRELOAD)
    memory.leave_no_holes()
    rehearsal.warm_up(rounds)
    forget_environment(keep)
    # What is loaded stays: no collection in a child need look at it, or copy its pages.
    gc.collect()
    gc.freeze()
    become: Become = child.ChildProcess(run or child.worker.run)
    return become


def _serve(descriptor: int, become: Become, idle: int) -> NoReturn:
    with socket.socket(fileno=descriptor) as sock:
        Server(sock, become, idle).serve()
    os._exit(0)


if __name__ == "__main__":
    serve(int(sys.argv[1]), idle=int(sys.argv[2]))
