"""The fork server: a program with one thread that has everything loaded and forks decoders.

It runs as `python -I -m framecap.decoder.forkserver FD`, FD being its end of the connection to the
service, and ends with that connection. It never waits for anything but the next packet or the exit
of a decoder.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import gc
import importlib
import os
import select
import signal
import socket
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NoReturn, TypeAlias

from framecap.decoder import confine, control
from framecap.decoder.confine import SERVER_STEPS, Confinement, forget_environment
from framecap.decoder.control import Packet, PacketMalformed, Reply, ReplyKind, Request

Run: TypeAlias = Callable[[socket.socket, int | None], NoReturn]

PRELOAD: Final = (
    "framecap.decoder.worker",
    "framecap.decoder.child",
    "framecap.pipeline",
    "PIL.JpegImagePlugin",
    "PIL.PngImagePlugin",
)
"""What every decoder needs; each brings what it stands on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A decoder that runs."""

    number: int
    """Its number, from its request."""

    pid: int
    """Its process."""


class Server:
    """Forks a decoder per request and reports its exit.

    Holds one descriptor per running decoder, none of a decoder that ended.

    Args:
        sock: The connection to the service.
        become: What a child does with the request's descriptors; does not return.
    """

    def __init__(
        self, sock: socket.socket, become: Callable[[int, int | None, int], NoReturn]
    ) -> None:
        self._sock = sock
        self._become = become
        self._children: dict[int, Child] = {}
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
            self._end_children()

    def _turn(self) -> bool:
        """Waits for the next thing and does it; returns False when the service is gone."""
        poll = select.poll()
        # New requests wait while the service does not take what it is told.
        poll.register(self._sock, select.POLLOUT if self._outbox else select.POLLIN)
        for pidfd in self._children:
            poll.register(pidfd, select.POLLIN)
        events = dict(poll.poll())
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
            self._fork(request, packet.descriptors)
        except OSError as error:
            self._refuse(request, error.errno or errno.EAGAIN)

    def _fork(self, request: Request, descriptors: tuple[int, ...]) -> None:
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._become(descriptors[0], descriptors[1] if len(descriptors) > 1 else None, parent)
        opened: list[int] = []
        try:
            opened.append(os.pidfd_open(pid))
            opened.append(os.dup(opened[0]))
        except OSError:
            # Not reaped yet, so the number is still its own.
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            for descriptor in opened:
                os.close(descriptor)
            raise
        self._children[opened[0]] = Child(number=request.number, pid=pid)
        reply = Reply(kind=ReplyKind.STARTED, number=request.number, pid=pid)
        self._post(reply, (opened[1],))

    def _refuse(self, request: Request, number: int) -> None:
        self._post(Reply(kind=ReplyKind.REFUSED, number=request.number, value=number))

    def _reap(self, pidfd: int) -> None:
        child = self._children[pidfd]
        pid, status = os.waitpid(child.pid, os.WNOHANG)
        if pid == 0:
            return
        del self._children[pidfd]
        os.close(pidfd)
        reply = Reply(kind=ReplyKind.EXITED, number=child.number, pid=pid, value=status)
        self._post(reply)

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

    def _end_children(self) -> None:
        for pidfd in self._children:
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        for child in self._children.values():
            os.waitpid(child.pid, 0)


def serve(descriptor: int, run: Run | None = None) -> NoReturn:
    """Is the fork server, on a control socket, until its service ends; then ends the process.

    Args:
        descriptor: The control socket.
        run: What a decoder runs; the worker when None.
    """
    keep = Confinement(parent=os.getppid(), keep=(descriptor,))
    confine.confine(keep, SERVER_STEPS)
    # Threads do not survive a fork; OpenBLAS starts one per core unless told before it loads.
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    for name in PRELOAD:
        importlib.import_module(name)
    forget_environment(keep)
    child = importlib.import_module("framecap.decoder.child")
    # What is loaded stays: no collection in a child need look at it, or copy its pages.
    gc.collect()
    gc.freeze()
    with socket.socket(fileno=descriptor) as sock:
        Server(sock, functools.partial(child.become, run)).serve()
    os._exit(0)


def serve_forked(descriptor: int, run: Run | None = None) -> NoReturn:
    """Is the fork server in a process that was forked, not executed; never returns."""
    try:
        # Rubbish of the parent may own descriptors by number: it must not be collected here.
        gc.freeze()
        os.setsid()
        serve(descriptor, run)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    os._exit(1)


if __name__ == "__main__":
    serve(int(sys.argv[1]))
