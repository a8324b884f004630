"""The service's end of the messages between it and a decoder; see `wire`.

It stands apart because a decoder loads no asyncio.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Generic

from google.protobuf.message import Message

from framecap.decoder.wire import HEADER, MAX_CHUNK_BYTES, Received, announced, ended, frame, parse


class AsyncChannel(Generic[Received]):
    """Sends and receives messages over a non-blocking socket, in an event loop.

    A cancelled `send` or `receive` leaves the stream within a message: close it then.

    Args:
        sock: A connected stream socket, which stays the caller's.
        kind: The class of the messages that arrive.
        max_bytes: The longest message that is accepted.
    """

    def __init__(self, sock: socket.socket, kind: type[Received], max_bytes: int) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._kind = kind
        self._max_bytes = max_bytes

    async def send(self, message: Message) -> None:
        """Sends a message; waits while the socket is full."""
        await asyncio.get_running_loop().sock_sendall(self._sock, b"".join(frame(message)))

    async def receive(self) -> Received:
        """Returns the next message.

        Raises:
            WireError: The stream ended, or what arrived is not a message.
        """
        length = announced(await self._exactly(HEADER.size, begun=False), self._max_bytes)
        return parse(self._kind, await self._exactly(length, begun=True))

    async def _exactly(self, length: int, *, begun: bool) -> bytes:
        loop = asyncio.get_running_loop()
        # Room is taken as bytes arrive: a length alone must not cost memory.
        parts: list[bytes] = []
        missing = length
        while missing:
            try:
                part = await loop.sock_recv(self._sock, min(missing, MAX_CHUNK_BYTES))
            except ConnectionError:
                # The peer died with bytes of ours unread; what it sent has been read by now.
                part = b""
            if not part:
                raise ended(begun or bool(parts))
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)
