"""The service's side of one decoder process."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import AsyncGenerator
from contextlib import AbstractContextManager, suppress
from types import TracebackType
from typing import Final, NoReturn, Self

from framecap.decoder.service import exits
from framecap.decoder.service.channel import AsyncChannel, Overdue
from framecap.decoder.service.check import Check, Violation
from framecap.decoder.service.exits import Exit
from framecap.decoder.service.pidfd import gone, settled
from framecap.decoder.service.settings import DecoderSettings
from framecap.decoder.service.watchdog import Watchdog
from framecap.decoder.v1.decoder_pb2 import FromDecoder, OpenAnswer, ReadAnswer, ToDecoder
from framecap.decoder.wire.framing import StreamCut, StreamEnded, WireError
from framecap.events.status import incident
from framecap.timebase import Nanoseconds

SPARE_BYTES: Final = 1024 * 1024
"""The room for the other fields of a message with the largest image."""

EXIT_GRACE: Final = 5.0
"""Seconds to wait for a decoder's exit status after the end of its stream."""


class DecoderEnded(Exception):
    """The way a decoder ended; logged as the cause of the error that the caller receives."""


class DecoderFault(Exception):
    """A failure of the decoder's own code, with its traceback."""


class Decoder:
    """Owns one decoder process; leaving its context ends the process and closes everything.

    Little is read ahead: while nobody iterates `messages`, the decoder's socket fills and the
    decoder blocks.

    Args:
        sock: The service's end of the decoder's socket; this object closes it.
        pid: The process id.
        pidfd: The process's pidfd; this object closes it.
        exited: Resolves to the end of the process, or to None when the fork server ended first.
        settings: The limits of a decoder.
    """

    def __init__(
        self,
        *,
        sock: socket.socket,
        pid: int,
        pidfd: int,
        exited: asyncio.Future[Exit | None],
        settings: DecoderSettings,
    ) -> None:
        self.pid: Final = pid
        self._sock = sock
        self._pidfd = pidfd
        self._exited = exited
        self._settings = settings
        self._channel = AsyncChannel(sock, FromDecoder, settings.max_image_bytes + SPARE_BYTES)
        self._watchdog = Watchdog(settings.stall_after, asyncio.get_running_loop().time)
        self._check: Check | None = None
        self._answering = asyncio.Lock()

    async def send(self, message: ToDecoder) -> None:
        """Sends a message; the first must be the job.

        Sending to a decoder that has ended does nothing: `messages` raises the reason.

        Raises:
            DecoderStalled: The decoder does not read the message.
        """
        if message.HasField("job"):
            self._check = Check(message.job, self._settings.max_image_bytes)
        try:
            with self._watchdog.waiting() as deadline:
                await self._channel.send(message, deadline)
        except ConnectionError:
            return
        except Overdue as error:
            self.kill()
            raise exits.stalled(self._settings.stall_after) from error

    @property
    def cpu(self) -> Nanoseconds:
        """The CPU time of the process, once its context was left; 0 if its fork server was lost."""
        exit = self._exited.result() if self._exited.done() else None
        return 0 if exit is None else exit.cpu

    @property
    def has_more(self) -> bool:
        """True when `messages` will yield the next one without waiting."""
        return self._channel.has_more

    async def messages(self) -> AsyncGenerator[FromDecoder]:
        """Yields the decoder's messages, checked; ends after `finished`.

        Raises:
            DecoderCrashed: The file crashed the decoder, or made it break the protocol.
            DecoderStalled: The decoder made no progress.
            DecoderLost: The decoder was killed from outside.
            InternalError: The decoder's own code failed; the log has the traceback.
        """
        if self._check is None:
            raise RuntimeError("a decoder reports after its job is sent")
        while True:
            message = await self._next(self._check)
            if message.HasField("fault"):
                raise incident(DecoderFault(_printable(message.fault.traceback)))
            yield message
            if message.HasField("finished"):
                return

    def reading(self) -> AbstractContextManager[None]:
        """Returns a context that stops the watchdog, while the decoder waits for the service."""
        return self._watchdog.held()

    async def answer(self, answer: ReadAnswer | OpenAnswer) -> None:
        """Sends an answer, concurrently with `messages`, whose deadline applies.

        Answering a decoder that has ended does nothing: `messages` raises the reason.
        """
        async with self._answering:
            with suppress(ConnectionError):
                if isinstance(answer, OpenAnswer):
                    await self._channel.send(ToDecoder(opened=answer))
                else:
                    await self._channel.send(ToDecoder(read=answer))

    def kill(self) -> None:
        """Kills the process, if it still runs."""
        try:
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
        except ProcessLookupError:
            return

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()
        self._sock.close()
        try:
            await gone(self._pidfd)
        finally:
            os.close(self._pidfd)
            # The report of the CPU time follows the end of the process.
            await settled(self._exited, EXIT_GRACE)

    async def _next(self, check: Check) -> FromDecoder:
        try:
            with self._watchdog.waiting() as deadline:
                message = await self._channel.receive(deadline)
            check.accept(message)
        except (StreamEnded, StreamCut):
            await self._raise_end()
        except (WireError, Violation) as error:
            self.kill()
            raise exits.crashed() from error
        except Overdue as error:
            self.kill()
            raise exits.stalled(self._settings.stall_after) from error
        if not (message.HasField("read") or message.HasField("open")):
            # A read is no progress: a file can make its demuxer read in an endless loop.
            self._watchdog.progressed()
        return message

    async def _raise_end(self) -> NoReturn:
        """Raises the error for a stream that ended before its job."""
        try:
            async with asyncio.timeout(EXIT_GRACE):
                exit = await asyncio.shield(self._exited)
        except TimeoutError:
            self.kill()
            raise exits.crashed() from DecoderEnded("it closed its socket and went on")
        raise exits.error_for(exit) from DecoderEnded(exits.describe(exit))


def _printable(text: str) -> str:
    """Returns `text` safe for a log: a file that took over its decoder may have written it."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)
