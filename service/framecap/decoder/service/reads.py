"""Answers a decoder's reads of a source that only the service can access."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from framecap.decoder.service import exits
from framecap.decoder.service.process import Decoder
from framecap.decoder.v1.decoder_pb2 import FromDecoder, OpenAnswer, ReadAnswer, ReadRequest
from framecap.errors import CaptureError
from framecap.events.status import incident
from framecap.source.nested import Nested
from framecap.source.opened import Reader, Refer
from framecap.v1.event_pb2 import CaptureFinished


def sum_up(reader: Reader | None, result: CaptureFinished) -> None:
    """Fills in the traffic of a remote source; of a local source the decoder reports it."""
    if reader is not None:
        traffic = reader.traffic
        result.read_bytes, result.read_request_count = traffic.bytes, traffic.requests
        result.stage_times["read"].FromMicroseconds(round(traffic.seconds * 1e6))


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
    failures: list[CaptureError] = []
    answering: set[asyncio.Task[None]] = set()
    nested = None if refer is None else Nested(refer)

    async def read(request: ReadRequest) -> bytes:
        offset, length, until = request.offset, request.length, request.until
        if not request.file:
            assert reader is not None
            return await reader.read(offset, length, until=until)
        assert nested is not None
        if not nested.knows(request.file):
            # The open of this file was refused, or is not answered yet.
            raise exits.crashed()
        return await nested.read(request.file, offset, length, until=until)

    async def answer(message: FromDecoder) -> None:
        response: ReadAnswer | OpenAnswer
        with decoder.reading():
            try:
                if message.HasField("read"):
                    response = ReadAnswer(number=message.read.number)
                    response.data = await read(message.read)
                else:
                    response = OpenAnswer(number=message.open.number)
                    assert nested is not None
                    response.file, response.size = await nested.open(message.open.reference)
            except CaptureError as error:
                failures.append(error)
                response.failed = True
            except Exception as fault:
                failures.append(incident(fault))
                response.failed = True
        await decoder.answer(response)

    try:
        async with aclosing(decoder.messages()) as reports:
            async for message in reports:
                if message.HasField("read") or message.HasField("open"):
                    task = asyncio.create_task(answer(message))
                    answering.add(task)
                    task.add_done_callback(answering.discard)
                else:
                    yield message
    except CaptureError:
        if failures:
            raise failures[0] from None
        raise
    finally:
        for task in answering:
            task.cancel()
        await asyncio.gather(*answering, return_exceptions=True)
        if nested is not None:
            await nested.close()
