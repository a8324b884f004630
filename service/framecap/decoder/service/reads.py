"""Answers a decoder's reads of a source that only the service can access."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from framecap.decoder.service import exits
from framecap.decoder.service.process import Decoder
from framecap.decoder.v1.decoder_pb2 import (
    FromDecoder,
    OpenAnswer,
    OpenRequest,
    ReadAnswer,
    ReadRequest,
)
from framecap.errors import CaptureError
from framecap.events.status import incident
from framecap.source.nested import Nested
from framecap.source.opened import Reader, Refer


async def messages(
    decoder: Decoder, reader: Reader | None, refer: Refer | None = None
) -> AsyncGenerator[FromDecoder]:
    """Yields a decoder's reports, and answers its read and open requests in the background.

    Several requests may be in progress at once; each is answered as soon as its data arrives.
    While any is in progress, the decoder's watchdog is stopped.

    Args:
        decoder: The decoder; its job has been sent.
        reader: Reads the source; None when the decoder reads it itself.
        refer: Opens, or refuses, files that the source refers to; None when none are allowed.

    Raises:
        CaptureError: As `Decoder.messages`; if a read failed, the error of that read instead.
    """
    answers = _Answers(decoder, reader, None if refer is None else Nested(refer))
    try:
        async with aclosing(decoder.messages()) as reports:
            async for message in reports:
                if message.HasField("read") or message.HasField("open"):
                    answers.begin(message)
                else:
                    yield message
    except CaptureError:
        if answers.failure is not None:
            raise answers.failure from None
        raise
    finally:
        await answers.close()


class _Answers:
    """Answers the requests of one decoder, each in a task of its own. Close it to end them.

    Args:
        decoder: The decoder.
        reader: Reads the source; None when the decoder reads it itself.
        nested: Reads files that the source refers to; None when none are allowed.
    """

    def __init__(self, decoder: Decoder, reader: Reader | None, nested: Nested | None) -> None:
        self._decoder = decoder
        self._reader = reader
        self._nested = nested
        self._tasks: set[asyncio.Task[None]] = set()
        self.failure: CaptureError | None = None
        """The error of the first request that failed; None while none has."""

    def begin(self, message: FromDecoder) -> None:
        """Starts to answer a read or open request."""
        task = asyncio.create_task(self._answer(message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Cancels the requests in progress, and closes the files."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._nested is not None:
            await self._nested.close()

    async def _answer(self, message: FromDecoder) -> None:
        with self._decoder.reading():
            answer = await self._answer_to(message)
        await self._decoder.answer(answer)

    async def _answer_to(self, message: FromDecoder) -> ReadAnswer | OpenAnswer:
        """Returns the answer to a request; records the error if it failed."""
        try:
            if message.HasField("read"):
                return await self._read(message.read)
            return await self._open(message.open)
        except CaptureError as error:
            failure = error
        except Exception as fault:
            failure = incident(fault)
        self.failure = self.failure or failure
        if message.HasField("read"):
            return ReadAnswer(number=message.read.number, failed=True)
        return OpenAnswer(number=message.open.number, failed=True)

    async def _read(self, request: ReadRequest) -> ReadAnswer:
        offset, length, until = request.offset, request.length, request.until
        if not request.file:
            assert self._reader is not None
            data = await self._reader.read(offset, length, until=until)
            return ReadAnswer(number=request.number, data=data)
        assert self._nested is not None
        if not self._nested.knows(request.file):
            # The open of this file was refused, or is not answered yet.
            raise exits.crashed()
        data = await self._nested.read(request.file, offset, length, until=until)
        return ReadAnswer(number=request.number, data=data)

    async def _open(self, request: OpenRequest) -> OpenAnswer:
        assert self._nested is not None
        file, size = await self._nested.open(request.reference)
        return OpenAnswer(number=request.number, file=file, size=size)
