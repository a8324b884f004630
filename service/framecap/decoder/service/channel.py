"""The service's end of the connection to a decoder; see `wire` for the format.

It is a module of its own because a decoder does not load asyncio.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Final, Generic, TypeAlias

from google.protobuf.message import Message

from framecap.decoder.wire.framing import (
    HEADER,
    MAX_CHUNK_BYTES,
    Received,
    announced,
    ended,
    frame,
    parse,
)

READ_AHEAD_BYTES: Final = 16 * 1024
"""The bytes to read beyond a message, so that one read returns several small messages."""


Deadline: TypeAlias = Callable[[], float]
"""Returns the end of a wait, by the loop's clock. It may change during the wait."""


class Overdue(Exception):
    """The deadline of a wait has passed."""


class AsyncChannel(Generic[Received]):
    """Sends and receives messages over a non-blocking socket, in an event loop.

    A `send` or `receive` that was cancelled or overdue leaves the stream amid a message; the
    socket must then be closed.

    Args:
        sock: A connected stream socket; the caller closes it.
        kind: The class of the messages to receive.
        max_bytes: The length of the longest message that is accepted.
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
        """True when the next message has arrived completely."""
        if len(self._ahead) < HEADER.size:
            return False
        length: int = HEADER.unpack_from(self._ahead)[0]
        return len(self._ahead) - HEADER.size >= length

    async def send(self, message: Message, deadline: Deadline | None = None) -> None:
        """Sends a message; waits while the socket is full.

        Raises:
            Overdue: The socket was full until the deadline.
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
            WireError: The stream ended, or the bytes are not a message.
            Overdue: The message had not arrived completely by the deadline.
        """
        header = await self._exactly(HEADER.size, deadline, begun=False)
        length = announced(header, self._max_bytes)
        return parse(self._kind, await self._exactly(length, deadline, begun=True))

    async def _exactly(self, length: int, deadline: Deadline | None, *, begun: bool) -> bytes:
        if len(self._ahead) >= length:
            taken, self._ahead = self._ahead[:length], self._ahead[length:]
            return taken
        # Memory is allocated as bytes arrive, not for the length that a header announces.
        chunks, missing = [self._ahead], length - len(self._ahead)
        self._ahead = b""
        while missing > 0:
            chunk = await self._some(max(READ_AHEAD_BYTES, min(missing, MAX_CHUNK_BYTES)), deadline)
            if not chunk:
                raise ended(begun or any(chunks))
            chunks.append(chunk)
            missing -= len(chunk)
        if missing:
            chunks[-1], self._ahead = chunks[-1][:missing], chunks[-1][missing:]
        return b"".join(chunks)

    async def _some(self, most: int, deadline: Deadline | None) -> bytes:
        """Returns up to `most` bytes; none at the end of the stream."""
        waited = False
        while True:
            try:
                chunk = self._sock.recv(most)
            except BlockingIOError:
                await self._wait(self._loop.add_reader, self._loop.remove_reader, deadline)
                waited = True
                continue
            except ConnectionError:
                # The peer died with unread bytes of ours; all its own bytes have been read.
                return b""
            if not waited:
                # A decoder that keeps the socket full must not block the event loop.
                await asyncio.sleep(0)
            return chunk

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
            # The deadline may have moved meanwhile.
            if deadline is not None and self._loop.time() >= deadline():
                raise Overdue


def _settle(future: asyncio.Future[bool], value: bool) -> None:
    if not future.done():
        future.set_result(value)
