"""The service's end of one fork server process."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from framecap.decoder.service.exits import Exit
from framecap.decoder.service.pidfd import gone
from framecap.decoder.wire import control
from framecap.decoder.wire.control import (
    SENTENCES,
    Packet,
    PacketMalformed,
    Reply,
    ReplyKind,
    Request,
    SelectionFault,
)

CLOSE_GRACE: Final = 5.0
"""Seconds until a fork server whose connection was closed is killed."""

logger = logging.getLogger(__name__)


class ServerGone(Exception):
    """The fork server has ended."""


class ServerUnusable(ServerGone):
    """The fork server ended at once, because it cannot load an installed selection.

    Args:
        position: The selection's position on the server's command line.
        fault: The reason.
    """

    def __init__(self, position: int, fault: SelectionFault) -> None:
        super().__init__(f"the selection {position} of the fork server: {SENTENCES[fault]}")
        self.position: Final = position
        self.fault: Final = fault


class ForkRefused(Exception):
    """The fork server could not start a decoder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forked:
    """A decoder process that was started."""

    pid: int
    """Its process id."""

    pidfd: int
    """Its pidfd, which the requester of the process must close."""

    exited: asyncio.Future[Exit | None]
    """Resolves to its end, or to None when the fork server ended first."""


class ForkServerLink:
    """Owns a fork server process and the connection to it.

    Must be created in the event loop that uses it.

    Args:
        sock: The service's end of the connection; this object closes it.
        pid: The fork server's process id.
        reap: Collects the ended process; called once, when it has ended.
    """

    def __init__(self, sock: socket.socket, pid: int, reap: Callable[[], object]) -> None:
        self._loop = asyncio.get_running_loop()
        self._sock = sock
        self.pid: Final = pid
        self._pidfd = os.pidfd_open(pid)
        self._reap = reap
        self._ready: asyncio.Future[None] = self._loop.create_future()
        self._pending: dict[int, asyncio.Future[Forked]] = {}
        self._running: dict[int, asyncio.Future[Exit | None]] = {}
        self._numbers = 0
        self._room: asyncio.Future[None] = self._loop.create_future()
        self._sending = asyncio.Lock()
        self._connected = True
        self._closed = False
        self._unusable: ServerUnusable | None = None
        sock.setblocking(False)
        self._loop.add_reader(sock, self._take_packets)

    @property
    def connected(self) -> bool:
        """True while the fork server answers."""
        return self._connected

    @property
    def alive(self) -> int:
        """The number of running decoders."""
        return len(self._running)

    async def ready(self) -> None:
        """Returns once the server has loaded its modules and is warmed up.

        Raises:
            ServerUnusable: The server cannot load a selection.
            ServerGone: The server ended before that.
        """
        await asyncio.shield(self._ready)
        if self._unusable is not None:
            raise self._unusable
        if not self._connected:
            raise ServerGone("the fork server ended at once")

    async def fork(self, descriptors: Sequence[int]) -> Forked:
        """Starts a decoder with copies of the descriptors.

        Raises:
            ServerGone: The server has ended.
            ForkRefused: The machine cannot start another process.
        """
        answer = await self._request(descriptors)
        try:
            return await answer
        except asyncio.CancelledError:
            # This cancelled the answer too, unless the answer had already arrived.
            if not answer.cancelled() and answer.exception() is None:
                _discard(answer.result())
            raise

    async def close(self) -> None:
        """Ends the server and all its decoders, and waits until the server is gone."""
        if self._closed:
            return
        self._closed = True
        self._disconnect()
        try:
            if not await gone(self._pidfd, CLOSE_GRACE):
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
                await gone(self._pidfd)
        finally:
            os.close(self._pidfd)
            self._reap()

    async def _request(self, descriptors: Sequence[int]) -> asyncio.Future[Forked]:
        """Sends a request; returns the future of its answer."""
        async with self._sending:
            while self._connected:
                try:
                    control.send(self._sock, Request(number=self._numbers).pack(), descriptors)
                except BlockingIOError:
                    await self._writable()
                except ConnectionError:
                    self._disconnect()
                else:
                    answer = self._pending[self._numbers] = self._loop.create_future()
                    self._numbers += 1
                    return answer
        raise ServerGone("the fork server has ended")

    async def _writable(self) -> None:
        self._room = self._loop.create_future()
        self._loop.add_writer(self._sock, _resolve, self._room, None)
        try:
            await self._room
        finally:
            if self._connected:
                self._loop.remove_writer(self._sock)

    def _take_packets(self) -> None:
        while self._connected:
            try:
                packet = control.receive(self._sock)
            except BlockingIOError:
                return
            except ConnectionError:
                return self._disconnect()
            if not packet.data:
                return self._disconnect()
            try:
                self._take(packet)
            except PacketMalformed:
                packet.close()
                logger.exception("the fork server broke its protocol")
                return self._disconnect()

    def _take(self, packet: Packet) -> None:
        reply = Reply.unpack(packet.data)
        expected = 1 if reply.kind is ReplyKind.STARTED else 0
        if not packet.complete or len(packet.descriptors) != expected:
            raise PacketMalformed(f"{reply.kind.name} with {len(packet.descriptors)} descriptors")
        if reply.kind is ReplyKind.READY:
            _resolve(self._ready, None)
        elif reply.kind is ReplyKind.UNUSABLE:
            try:
                fault = SelectionFault(reply.value)
            except ValueError as error:
                raise PacketMalformed(f"a selection's fault {reply.value}") from error
            self._unusable = ServerUnusable(reply.number, fault)
        elif reply.kind is ReplyKind.STARTED:
            self._started(reply, packet.descriptors[0])
        elif reply.kind is ReplyKind.REFUSED:
            answer = self._pending.pop(reply.number, None)
            if answer is not None and not answer.done():
                answer.set_exception(ForkRefused(os.strerror(reply.value)))
        elif reply.kind is ReplyKind.EXITED:
            exited = self._running.pop(reply.number, None)
            if exited is not None:
                _resolve(exited, Exit(status=reply.value, cpu=reply.cpu))

    def _started(self, reply: Reply, pidfd: int) -> None:
        exited: asyncio.Future[Exit | None] = self._loop.create_future()
        self._running[reply.number] = exited
        forked = Forked(pid=reply.pid, pidfd=pidfd, exited=exited)
        answer = self._pending.pop(reply.number, None)
        if answer is None or answer.done():
            _discard(forked)
        else:
            answer.set_result(forked)

    def _disconnect(self) -> None:
        """Closes the connection, which ends the server, and fails all pending requests."""
        if not self._connected:
            return
        self._connected = False
        self._loop.remove_reader(self._sock)
        self._loop.remove_writer(self._sock)
        self._sock.close()
        _resolve(self._ready, None)
        _resolve(self._room, None)
        for answer in self._pending.values():
            if not answer.done():
                answer.set_exception(ServerGone("the fork server has ended"))
        for exited in self._running.values():
            _resolve(exited, None)
        self._pending.clear()
        self._running.clear()


def _discard(forked: Forked) -> None:
    """Kills a decoder whose requester was cancelled."""
    try:
        signal.pidfd_send_signal(forked.pidfd, signal.SIGKILL)
    except ProcessLookupError:
        return
    finally:
        os.close(forked.pidfd)


def _resolve(
    future: asyncio.Future[Exit | None] | asyncio.Future[None], value: Exit | None
) -> None:
    if not future.done():
        future.set_result(value)  # type: ignore[arg-type]
