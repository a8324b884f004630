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

from framecap.decoder import exits
from framecap.decoder.channel import AsyncChannel, Overdue
from framecap.decoder.check import Check, Violation
from framecap.decoder.pidfd import gone
from framecap.decoder.settings import DecoderSettings
from framecap.decoder.v1.decoder_pb2 import FromDecoder, OpenAnswer, ReadAnswer, ToDecoder
from framecap.decoder.watchdog import Watchdog
from framecap.decoder.wire import StreamCut, StreamEnded, WireError
from framecap.events.status import incident

SPARE_BYTES: Final = 1024 * 1024
"""What a message with the largest image has besides the image."""

EXIT_GRACE: Final = 5.0
"""Seconds between the end of a decoder's stream and the news of its exit."""


class DecoderEnded(Exception):
    """How a decoder ended; for the log, as the cause of what its caller is told."""


class DecoderFault(Exception):
    """A failure of the decoder's own code, with its traceback."""


class Decoder:
    """Owns one decoder process; leaving its context ends the process and closes everything.

    Little is read ahead: while `messages` is not asked for the next, the decoder's socket fills
    and the decoder waits.

    Args:
        sock: The service's end of the decoder's socket, from now on this object's.
        pid: The process.
        pidfd: The process's descriptor, from now on this object's.
        exited: Becomes the wait status, or None when no one will ever know it.
        settings: The bounds.
    """

    def __init__(
        self,
        *,
        sock: socket.socket,
        pid: int,
        pidfd: int,
        exited: asyncio.Future[int | None],
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
        """Sends the job, once and first.

        Sending to a decoder that has ended does nothing: `messages` tells why it ended.

        Raises:
            DecoderStalled: It does not take the message.
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
    def has_more(self) -> bool:
        """True when `messages` will give the next at once."""
        return self._channel.has_more

    async def messages(self) -> AsyncGenerator[FromDecoder]:
        """Yields what the decoder reports, checked; ends after `finished`.

        Raises:
            DecoderCrashed: The file crashed it, or made it break the rules.
            DecoderStalled: It made no progress.
            DecoderLost: It was ended from outside.
            InternalError: Its own code failed; the log has the traceback.
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
        """Returns a block during which the decoder waits for the service, not the other way."""
        return self._watchdog.held()

    async def answer(self, answer: ReadAnswer | OpenAnswer) -> None:
        """Sends an answer, while `messages` is asked for the next, whose clock counts.

        Answering a decoder that has ended does nothing: `messages` tells why it ended.
        """
        async with self._answering:
            with suppress(ConnectionError):
                if isinstance(answer, OpenAnswer):
                    await self._channel.send(ToDecoder(opened=answer))
                else:
                    await self._channel.send(ToDecoder(read=answer))

    def kill(self) -> None:
        """Ends the process at once, if it still runs."""
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
            # Reading on is no progress: a file can make its reader run in a circle.
            self._watchdog.progressed()
        return message

    async def _raise_end(self) -> NoReturn:
        """Raises what it means that the stream ended before the job did."""
        try:
            async with asyncio.timeout(EXIT_GRACE):
                status = await asyncio.shield(self._exited)
        except TimeoutError:
            self.kill()
            raise exits.crashed() from DecoderEnded("it closed its socket and went on")
        raise exits.error_for(status) from DecoderEnded(exits.describe(status))


def _printable(text: str) -> str:
    """Returns `text` as lines for a log; it may come from a decoder in the hands of its file."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)
