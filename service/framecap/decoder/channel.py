"""The service's end of the messages between it and a decoder; see `wire`.

It stands apart because a decoder loads no asyncio.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Final, Generic, TypeAlias

from google.protobuf.message import Message

from framecap.decoder.wire import HEADER, MAX_CHUNK_BYTES, Received, announced, ended, frame, parse

READ_AHEAD_BYTES: Final = 16 * 1024
"""How much is read beyond a message, so that several small ones cost one read."""


Deadline: TypeAlias = Callable[[], float]
"""Returns when a wait ends, by the loop's clock. It may move while the wait lasts."""


class Overdue(Exception):
    """The deadline of a wait is over."""


class AsyncChannel(Generic[Received]):
    """Sends and receives messages over a non-blocking socket, in an event loop.

    A cancelled or overdue `send` or `receive` leaves the stream within a message: close it then.

    Args:
        sock: A connected stream socket, which stays the caller's.
        kind: The class of the messages that arrive.
        max_bytes: The longest message that is accepted.
    """

    def __init__(self, sock: socket.socket, kind: type[Received], max_bytes: int) -> None:
        sock.setblocking(False)
        self._loop = asyncio.get_running_loop()
        self._sock = sock
        self._descriptor = sock.fileno()
        self._kind = kind
        self._max_bytes = max_bytes
        self._ahead = b""

    @property
    def has_more(self) -> bool:
        """True when the next message has arrived whole."""
        if len(self._ahead) < HEADER.size:
            return False
        length: int = HEADER.unpack_from(self._ahead)[0]
        return len(self._ahead) - HEADER.size >= length

    async def send(self, message: Message, deadline: Deadline | None = None) -> None:
        """Sends a message; waits while the socket is full.

        Raises:
            Overdue: It is full beyond the deadline.
        """
        left = memoryview(b"".join(frame(message)))
        while left:
            try:
                left = left[self._sock.send(left) :]
            except BlockingIOError:
                await self._wait(self._loop.add_writer, self._loop.remove_writer, deadline)

    async def receive(self, deadline: Deadline | None = None) -> Received:
        """Returns the next message.

        Raises:
            WireError: The stream ended, or what arrived is not a message.
            Overdue: It has not arrived whole by the deadline.
        """
        header = await self._exactly(HEADER.size, deadline, begun=False)
        length = announced(header, self._max_bytes)
        return parse(self._kind, await self._exactly(length, deadline, begun=True))

    async def _exactly(self, length: int, deadline: Deadline | None, *, begun: bool) -> bytes:
        if len(self._ahead) >= length:
            taken, self._ahead = self._ahead[:length], self._ahead[length:]
            return taken
        # Room is taken as bytes arrive: a length alone must not cost memory.
        parts, missing = [self._ahead], length - len(self._ahead)
        self._ahead = b""
        while missing > 0:
            part = await self._some(max(READ_AHEAD_BYTES, min(missing, MAX_CHUNK_BYTES)), deadline)
            if not part:
                raise ended(begun or any(parts))
            parts.append(part)
            missing -= len(part)
        if missing:
            parts[-1], self._ahead = parts[-1][:missing], parts[-1][missing:]
        return b"".join(parts)

    async def _some(self, most: int, deadline: Deadline | None) -> bytes:
        """Returns up to `most` bytes; none at the end of the stream."""
        waited = False
        while True:
            try:
                part = self._sock.recv(most)
            except BlockingIOError:
                await self._wait(self._loop.add_reader, self._loop.remove_reader, deadline)
                waited = True
                continue
            except ConnectionError:
                # The peer died with bytes of ours unread; what it sent has been read by now.
                return b""
            if not waited:
                # It was there already, and a decoder could keep the socket full: let others in.
                await asyncio.sleep(0)
            return part

    async def _wait(
        self,
        add: Callable[..., None],
        remove: Callable[[int], bool],
        deadline: Deadline | None,
    ) -> None:
        """Returns when the socket is ready."""
        while True:
            ready: asyncio.Future[bool] = self._loop.create_future()
            add(self._descriptor, _settle, ready, True)
            timer = None
            if deadline is not None:
                timer = self._loop.call_at(deadline(), _settle, ready, False)
            try:
                if await ready:
                    return
            finally:
                remove(self._descriptor)
                if timer is not None:
                    timer.cancel()
            # It may have moved meanwhile.
            if deadline is not None and self._loop.time() >= deadline():
                raise Overdue


def _settle(future: asyncio.Future[bool], value: bool) -> None:
    if not future.done():
        future.set_result(value)
