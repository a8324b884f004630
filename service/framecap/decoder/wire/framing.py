"""The messages between the service and a decoder: protobuf, each preceded by its length.

The length is 4 bytes, big endian. Any other input is a `WireError`. Little is read ahead: while a
side receives nothing, its peer blocks once the socket is full.
"""

from __future__ import annotations

import socket
import struct
import threading
from typing import Final, Generic, TypeVar

from google.protobuf.message import DecodeError, Message

HEADER: Final = struct.Struct(">I")
MAX_CHUNK_BYTES: Final = 256 * 1024

Received = TypeVar("Received", bound=Message)


class WireError(Exception):
    """The received bytes are not a message."""


class StreamEnded(WireError):
    """The peer closed the socket between two messages."""


class StreamCut(WireError):
    """The peer closed the socket within a message."""


class MessageTooLong(WireError):
    """A message claims, or has, more bytes than are allowed."""


class MessageMalformed(WireError):
    """The bytes of a message are not a message of its kind."""


class BlockingChannel(Generic[Received]):
    """Sends and receives messages over a blocking socket; threads may share it.

    Args:
        sock: A connected stream socket; the caller closes it.
        kind: The class of the messages to receive.
        max_bytes: The length of the longest message that is accepted.
    """

    def __init__(self, sock: socket.socket, kind: type[Received], max_bytes: int) -> None:
        self._sock = sock
        self._kind = kind
        self._max_bytes = max_bytes
        self._sending = threading.Lock()

    def send(self, message: Message) -> None:
        """Sends a message; blocks while the socket is full."""
        header, payload = frame(message)
        with self._sending:
            # One system call, so that the reader wakes once.
            sent = self._sock.sendmsg([header, payload])
            if sent < len(header) + len(payload):
                self._sock.sendall((header + payload)[sent:])

    def receive(self) -> Received:
        """Returns the next message; blocks until it has arrived.

        Raises:
            WireError: The stream ended, or the bytes are not a message.
        """
        length = announced(self._exactly(HEADER.size, begun=False), self._max_bytes)
        return parse(self._kind, self._exactly(length, begun=True))

    def _exactly(self, length: int, *, begun: bool) -> bytes:
        chunks: list[bytes] = []
        missing = length
        while missing:
            chunk = self._sock.recv(min(missing, MAX_CHUNK_BYTES))
            if not chunk:
                raise ended(begun or bool(chunks))
            chunks.append(chunk)
            missing -= len(chunk)
        return b"".join(chunks)


def frame(message: Message) -> tuple[bytes, bytes]:
    """Returns the header and the bytes of a message."""
    payload = message.SerializeToString()
    return HEADER.pack(len(payload)), payload


def announced(header: bytes, max_bytes: int) -> int:
    """Returns the length that a header announces.

    Raises:
        MessageTooLong: The length is above `max_bytes`.
    """
    (length,) = HEADER.unpack(header)
    if length > max_bytes:
        raise MessageTooLong(f"a message of {length} bytes, more than {max_bytes}")
    return int(length)


def parse(kind: type[Received], payload: bytes) -> Received:
    """Returns the message that `payload` holds.

    Raises:
        MessageMalformed: `payload` is not a message, or has no known case.
    """
    try:
        message = kind.FromString(payload)
    except DecodeError as error:
        raise MessageMalformed(f"{len(payload)} bytes that are no {kind.__name__}") from error
    if message.WhichOneof("message") is None:
        raise MessageMalformed(f"a {kind.__name__} without a known case")
    return message


def ended(begun: bool) -> WireError:
    """Returns the error for a stream that ended, within a message if `begun`."""
    if begun:
        return StreamCut("the stream ended within a message")
    return StreamEnded("the stream ended")
