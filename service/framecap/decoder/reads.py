"""Answering a decoder's reads of a source that only the service can reach."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from framecap.decoder.process import Decoder
from framecap.decoder.v1.decoder_pb2 import FromDecoder, ReadAnswer, ReadRequest
from framecap.errors import CaptureError
from framecap.events.status import incident
from framecap.source.opened import Reader
from framecap.v1.event_pb2 import CaptureFinished


def sum_up(reader: Reader | None, result: CaptureFinished) -> None:
    """Tells what reading a remote source has cost; of a local one its decoder tells."""
    if reader is not None:
        traffic = reader.traffic
        result.read_bytes, result.read_request_count = traffic.bytes, traffic.requests
        result.stage_times["read"].FromMicroseconds(round(traffic.seconds * 1e6))


async def messages(decoder: Decoder, reader: Reader | None) -> AsyncGenerator[FromDecoder]:
    """Yields what a decoder reports, its reads answered meanwhile.

    Several reads may be under way at once, and are answered as they come. While any is, the
    decoder's clock stands still.

    Args:
        decoder: The decoder, its job sent.
        reader: Reads the source; None where the decoder does.

    Raises:
        CaptureError: As `Decoder.messages`; where a read failed, that failure, whatever the
            decoder made of it.
    """
    failures: list[CaptureError] = []
    answering: set[asyncio.Task[None]] = set()

    async def answer(read: ReadRequest) -> None:
        assert reader is not None
        told = ReadAnswer(number=read.number)
        with decoder.reading():
            try:
                told.data = await reader.read(read.offset, read.length)
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
                if message.HasField("read"):
                    task = asyncio.create_task(answer(message.read))
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
