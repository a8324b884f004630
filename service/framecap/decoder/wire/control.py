"""The protocol between the service and a fork server: one packet a message, over SOCK_SEQPACKET.

The service requests a decoder and passes its descriptors; the server answers with the process id
and the pidfd, and later reports the exit. A packet of any other form is refused.
"""

from __future__ import annotations

import array
import os
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Self

MAX_DESCRIPTORS: Final = 2
"""The capture's socket, and the source's descriptor where there is one."""

_REQUEST: Final = struct.Struct("!4sQ")
_REPLY: Final = struct.Struct("!4sBQiiQ")
_MAGIC: Final = b"fcap"


class PacketMalformed(Exception):
    """A packet does not have the expected form."""


class ReplyKind(IntEnum):
    """The kinds of a fork server's replies."""

    READY = 1
    """The fork server is loaded and warmed up. Always the first reply, sent once."""

    STARTED = 2
    """A decoder runs; its pidfd is passed with the packet."""

    REFUSED = 3
    """A decoder could not be started; `value` is the errno."""

    EXITED = 4
    """A decoder ended; `value` is its wait status, `cpu` its CPU time."""

    UNUSABLE = 5
    """An enabled selection cannot be loaded, so the server ends. Sent instead of READY; `number` is
    its position on the command line, `value` the `SelectionFault`."""


class SelectionFault(IntEnum):
    """Why an installed selection cannot be loaded."""

    NOT_INSTALLED = 1
    """No package has that name in its entry points."""

    AMBIGUOUS = 2
    """Several packages have that name."""

    IMPORT_FAILED = 3
    """Its import failed; standard error has the traceback."""

    NO_SELECTION = 4
    """It is not derived from the class for selections."""

    STARTED_THREADS = 5
    """Its import started threads, which a fork does not copy."""

    INCOMPLETE = 6
    """It lacks a method that it must have."""


class SelectionUnusable(Exception):
    """An enabled selection cannot be loaded.

    Args:
        name: The selection.
        fault: The reason.
    """

    def __init__(self, name: str, fault: SelectionFault) -> None:
        super().__init__(f"{name} {SENTENCES[fault]}")
        self.name: Final = name
        self.fault: Final = fault


SENTENCES: Final = {
    SelectionFault.NOT_INSTALLED: (
        "is not installed; no package has it in the entry point group framecap.selections"
    ),
    SelectionFault.AMBIGUOUS: "is in the entry point groups of several packages",
    SelectionFault.IMPORT_FAILED: "cannot be imported; standard error has the traceback",
    SelectionFault.NO_SELECTION: "is no class derived from framecap.plugin.Selection",
    SelectionFault.STARTED_THREADS: (
        "starts threads when it is imported, which the processes that capture do not inherit"
    ),
    SelectionFault.INCOMPLETE: "lacks a method that it must have: feature, score or both",
}
"""The sentences of faults, each after the selection's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request for a decoder."""

    number: int
    """Identifies the decoder in replies."""

    def pack(self) -> bytes:
        """Returns the packet."""
        return _REQUEST.pack(_MAGIC, self.number)

    @classmethod
    def unpack(cls, packet: bytes) -> Self:
        """Returns the request in a packet.

        Raises:
            PacketMalformed: The packet is not a request.
        """
        if len(packet) != _REQUEST.size:
            raise PacketMalformed(f"a request of {len(packet)} bytes")
        magic, number = _REQUEST.unpack(packet)
        if magic != _MAGIC:
            raise PacketMalformed("a request of unknown form")
        return cls(number=number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A fork server's reply or report to the service."""

    kind: ReplyKind
    """The kind of the reply."""

    number: int = 0
    """The number of the decoder's request."""

    pid: int = 0
    """The decoder's process id."""

    value: int = 0
    """An errno or a wait status, by kind."""

    cpu: int = 0
    """The CPU time of an ended decoder, in nanoseconds."""

    def pack(self) -> bytes:
        """Returns the packet."""
        return _REPLY.pack(_MAGIC, self.kind, self.number, self.pid, self.value, self.cpu)

    @classmethod
    def unpack(cls, packet: bytes) -> Self:
        """Returns the reply in a packet.

        Raises:
            PacketMalformed: The packet is not a reply.
        """
        try:
            magic, kind, number, pid, value, cpu = _REPLY.unpack(packet)
            if magic != _MAGIC:
                raise PacketMalformed("a reply of unknown form")
            return cls(kind=ReplyKind(kind), number=number, pid=pid, value=value, cpu=cpu)
        except (struct.error, ValueError) as error:
            raise PacketMalformed(f"a reply of {len(packet)} bytes") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """One received packet. The receiver must close its descriptors."""

    data: bytes
    """The bytes; empty at the end of the connection, or when an empty packet was sent."""

    descriptors: tuple[int, ...]
    """The descriptors passed with the packet."""

    complete: bool
    """False when bytes or descriptors were cut off."""

    def close(self) -> None:
        """Closes the descriptors."""
        for descriptor in self.descriptors:
            os.close(descriptor)


def send(sock: socket.socket, data: bytes, descriptors: Sequence[int] = ()) -> None:
    """Sends one packet with copies of the descriptors, without blocking.

    Raises:
        BlockingIOError: The socket is full of packets that the peer has not read.
    """
    ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))]
    flags = socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL
    sock.sendmsg([data], ancillary if descriptors else [], flags)


def receive(sock: socket.socket) -> Packet:
    """Returns the next packet without blocking.

    Raises:
        BlockingIOError: No packet has arrived.
    """
    size = max(_REQUEST.size, _REPLY.size)
    numbers = array.array("i")
    room = socket.CMSG_SPACE(MAX_DESCRIPTORS * numbers.itemsize)
    flags = socket.MSG_DONTWAIT | socket.MSG_CMSG_CLOEXEC
    data, ancillary, result, _ = sock.recvmsg(size, room, flags)
    for level, kind, content in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            numbers.frombytes(content[: len(content) - len(content) % numbers.itemsize])
    return Packet(
        data=data,
        descriptors=tuple(numbers),
        complete=not result & (socket.MSG_TRUNC | socket.MSG_CTRUNC),
    )
