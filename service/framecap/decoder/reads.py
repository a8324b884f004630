"""Answering a decoder's reads of a source that only the service can reach."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from framecap.decoder import exits
from framecap.decoder.process import Decoder
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
from framecap.v1.event_pb2 import CaptureFinished


def sum_up(reader: Reader | None, result: CaptureFinished) -> None:
    """Tells what reading a remote source has cost; of a local one its decoder tells."""
    if reader is not None:
        traffic = reader.traffic
        result.read_bytes, result.read_request_count = traffic.bytes, traffic.requests
        result.stage_times["read"].FromMicroseconds(round(traffic.seconds * 1e6))


async def messages(
    decoder: Decoder, reader: Reader | None, refer: Refer | None = None
) -> AsyncGenerator[FromDecoder]:
    """Yields what a decoder reports, its reads and opens answered meanwhile.

    Several may be under way at once, and are answered as they come. While any is, the
    decoder's clock stands still.

    Args:
        decoder: The decoder, its job sent.
        reader: Reads the source; None where the decoder does.
        refer: Opens what the source refers to, or refuses to; None where nothing may be.

    Raises:
        CaptureError: As `Decoder.messages`; where a read failed, that failure, whatever the
            decoder made of it.
    """
    failures: list[CaptureError] = []
    answering: set[asyncio.Task[None]] = set()
    nested = None if refer is None else Nested(refer)

    async def read(asked: ReadRequest, told: ReadAnswer) -> None:
        if asked.file:
            assert nested is not None
            if not nested.knows(asked.file):
                # It reads on in a file that it was refused, or has not waited for.
                raise exits.crashed()
            told.data = await nested.read(asked.file, asked.offset, asked.length, until=asked.until)
        else:
            assert reader is not None
            told.data = await reader.read(asked.offset, asked.length, until=asked.until)

    async def opened(asked: OpenRequest, told: OpenAnswer) -> None:
        assert nested is not None
        told.file, told.size = await nested.open(asked.reference)

    async def answer(message: FromDecoder) -> None:
        told: ReadAnswer | OpenAnswer
        with decoder.reading():
            try:
                if message.HasField("read"):
                    told = ReadAnswer(number=message.read.number)
                    await read(message.read, told)
                else:
                    told = OpenAnswer(number=message.open.number)
                    await opened(message.open, told)
            except CaptureError as error:
                failures.append(error)
                told.failed = True
            except Exception as fault:
                failures.append(incident(fault))
                told.failed = True
        await decoder.answer(told)

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
