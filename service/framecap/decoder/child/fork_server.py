"""The fork server: a single-threaded program with all modules loaded, which forks decoders.

It runs as `python -I -m framecap.decoder.child.fork_server FD IDLE NAME…`: FD is its end of the
connection to the service, IDLE the number of idle decoders to keep forked ahead, each NAME an
installed selection to load. It ends with the connection. It waits only for the next packet and the
exits of decoders; while there is neither, it forks ahead.
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
from collections.abc import Callable, Sequence
from typing import Final, NoReturn, TypeAlias

from framecap.decoder.child import confine, memory
from framecap.decoder.child.confine import SERVER_STEPS, Confinement, forget_environment
from framecap.decoder.child.forked import Become, Children
from framecap.decoder.wire import control
from framecap.decoder.wire.control import (
    Packet,
    PacketMalformed,
    Reply,
    ReplyKind,
    Request,
    SelectionUnusable,
)

Run: TypeAlias = Callable[[socket.socket, int | None], NoReturn]

PRELOAD: Final = ("framecap.decoder.child.start", "framecap.decoder.child.warm_up")
"""The modules that every decoder needs; each imports its own dependencies."""

SELECTIONS: Final = "framecap.decoder.child.selections"
"""The module that loads installed selections; needed only where some are enabled."""

STANDARD_ERROR: Final = 2

ROUNDS: Final = 8
"""The number of runs after which Python has specialized a function."""


class Server:
    """Starts a decoder per request and reports its exit.

    Holds one descriptor per running decoder, two per idle one, none of a decoder that ended.

    Args:
        sock: The connection to the service.
        become: Turns a forked process into a decoder.
        idle: The number of idle decoders to keep forked ahead.
    """

    def __init__(self, sock: socket.socket, become: Become, idle: int = 0) -> None:
        self._sock = sock
        self._children = Children(become, idle)
        self._outbox: deque[tuple[bytes, tuple[int, ...]]] = deque()

    def serve(self) -> None:
        """Serves until the service closes the connection, then kills all decoders."""
        try:
            # A command that fails early closes the connection before the server is ready.
            with contextlib.suppress(ConnectionError):
                self._post(Reply(kind=ReplyKind.READY))
                while self._turn():
                    pass
        finally:
            self._children.end()

    def _turn(self) -> bool:
        """Handles the next packet or exit, or forks ahead; returns False if the service is gone."""
        poll = select.poll()
        # No new request is read while replies wait to be sent.
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
                # An empty packet and the end of the connection differ only in POLLHUP.
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
            # The kernel drops descriptors when this process may not open more.
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
        child, kind = ended.child, ReplyKind.EXITED
        if child.number is not None:
            self._post(
                Reply(
                    kind=kind,
                    number=child.number,
                    pid=child.pid,
                    value=ended.status,
                    cpu=ended.cpu,
                )
            )

    def _post(self, reply: Reply, descriptors: tuple[int, ...] = ()) -> None:
        """Queues a reply and sends it as soon as possible; its descriptors are closed then."""
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


def main(arguments: Sequence[str], run: Run | None = None) -> NoReturn:
    """Runs the fork server with the arguments of its command line; see the module."""
    descriptor, idle, *selections = arguments
    serve(int(descriptor), run, idle=int(idle), selections=selections)


def serve(
    descriptor: int, run: Run | None = None, *, idle: int = 0, selections: Sequence[str] = ()
) -> NoReturn:
    """Runs the fork server on a control socket until the service ends; then ends the process.

    Args:
        descriptor: The control socket.
        run: The main function of a decoder; the worker's when None.
        idle: The number of idle decoders to keep forked ahead.
        selections: The names of the installed selections to load.
    """
    become = load(descriptor, run, ROUNDS, selections)
    memory.give_back()
    run_server(descriptor, become, idle)


def load(descriptor: int, run: Run | None, rounds: int, selections: Sequence[str] = ()) -> Become:
    """Loads and warms up all modules that a decoder needs, once for all decoders.

    Where a selection cannot be loaded, reports that and ends the process.
    """
    keep = Confinement(parent=os.getppid(), keep=(descriptor,))
    confine.confine(keep, SERVER_STEPS)
    # Threads do not survive a fork; OpenBLAS starts one per core unless this is set first.
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    child, warm_up = map(importlib.import_module, PRELOAD)
    if selections:
        try:
            importlib.import_module(SELECTIONS).load(selections)
        except SelectionUnusable as error:
            _report_unusable(descriptor, selections, error)
    memory.leave_no_holes()
    warm_up.warm_up(rounds)
    forget_environment(keep)
    # Frozen objects are not visited by a child's collections, which would copy their pages.
    gc.collect()
    gc.freeze()
    become: Become = child.ChildProcess(run or child.worker.run)
    return become


def run_server(descriptor: int, become: Become, idle: int) -> NoReturn:
    """Serves on a control socket until the service ends; then ends the process."""
    with socket.socket(fileno=descriptor) as sock:
        Server(sock, become, idle).serve()
    os._exit(0)


def _report_unusable(
    descriptor: int, selections: Sequence[str], error: SelectionUnusable
) -> NoReturn:
    with contextlib.suppress(OSError):
        os.write(STANDARD_ERROR, f"FRAMECAP_SELECTIONS: {error}\n".encode())
    reply = Reply(
        kind=ReplyKind.UNUSABLE, number=selections.index(error.name), value=error.fault.value
    )
    with contextlib.suppress(ConnectionError), socket.socket(fileno=descriptor) as sock:
        control.send(sock, reply.pack())
    os._exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
