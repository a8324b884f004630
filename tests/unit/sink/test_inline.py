"""Images inside events: every byte arrives, in messages of 512 KiB at most."""

from __future__ import annotations

import hashlib

import pytest

from framecap.events.stream import EventStream
from framecap.sink.inline import CHUNK_BYTES, MAX_MESSAGE_BYTES, InlineSink
from framecap.v1 import event_pb2, snapshot_service_pb2

# Every fact as large on the wire as it can be.
LARGEST = event_pb2.FrameCaptured(
    index=2**31 - 1,
    pts=-(2**63),
    time_base=event_pb2.Rational(numerator=-(2**63), denominator=2**63 - 1),
    answered_count=2**31 - 1,
    keyframe=True,
    damaged=True,
    reason=event_pb2.SELECTION_REASON_CHANGE,
    width=2**31 - 1,
    height=2**31 - 1,
    dhash="f" * 16,
    change=100,
)
for moment in (LARGEST.media_time, LARGEST.requested_time, LARGEST.time_error):
    moment.seconds, moment.nanos = -315_576_000_000, -999_999_999


def image(size: int) -> bytes:
    return bytes(n * 31 % 251 for n in range(997)) * (size // 997 + 1)


@pytest.mark.parametrize(
    ("size", "chunks"),
    [
        (1, 0),
        (CHUNK_BYTES - 1, 0),
        (CHUNK_BYTES, 0),
        (CHUNK_BYTES + 1, 1),
        (2 * CHUNK_BYTES, 1),
        (2 * CHUNK_BYTES + 1, 2),
        (3_000_000, 5),
    ],
)
async def test_every_byte_arrives_in_messages_that_pass_everywhere(size: int, chunks: int) -> None:
    data = image(size)[:size]
    frame, *rest = await InlineSink().deliver(LARGEST, data)
    assert len(rest) == chunks
    assert frame.size_bytes == size
    assert frame.sha256 == hashlib.sha256(data).hexdigest()
    received = frame.data
    for chunk in rest:
        assert (chunk.index, chunk.offset) == (LARGEST.index, len(received))
        received += chunk.data
    assert received == data
    for payload in (frame, *rest):
        event = event_pb2.CaptureEvent(sequence=2**63 - 1)
        event.event_time.FromNanoseconds(2**60)
        case = "frame" if payload is frame else "chunk"
        getattr(event, case).CopyFrom(payload)
        response = snapshot_service_pb2.CaptureFramesResponse(event=event)
        assert response.ByteSize() <= MAX_MESSAGE_BYTES


async def test_facts_are_kept_and_the_caller_s_copy_stays() -> None:
    given = event_pb2.FrameCaptured(index=1, pts=5, dhash="0" * 16)
    (frame,) = await InlineSink().deliver(given, b"abc")
    assert (frame.index, frame.pts, frame.dhash) == (1, 5, "0" * 16)
    assert given == event_pb2.FrameCaptured(index=1, pts=5, dhash="0" * 16)


async def test_what_is_sent_stands_in_order_in_a_stream() -> None:
    sink, stream = InlineSink(), EventStream()
    sink.begin(0)
    stream.wrap(event_pb2.CaptureAccepted())
    stream.wrap(event_pb2.MediaProbed())
    stream.wrap(event_pb2.CapturePlanned())
    for index in (1, 2):
        facts = event_pb2.FrameCaptured(index=index)
        for payload in await sink.deliver(facts, image(1_200_000)):
            stream.wrap(payload)
    assert await sink.finish() == []
    await sink.close()
    stream.wrap(event_pb2.CaptureFinished())
    assert stream.sequence == 3 + 2 * 3 + 1


async def test_an_output_s_file_arrives_whole_too() -> None:
    sink, stream, data = InlineSink(), EventStream(), image(1_200_000)
    for begun in (event_pb2.CaptureAccepted, event_pb2.MediaProbed, event_pb2.CapturePlanned):
        stream.wrap(begun())
    facts = event_pb2.OutputFile(output="sheet", index=1, media_type="image/png")
    file, *rest = payloads = await sink.deliver_file(facts, data)
    assert (file.size_bytes, file.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert b"".join([file.data, *(chunk.data for chunk in rest)]) == data
    assert {(chunk.index, chunk.output) for chunk in rest} == {(1, "sheet")}
    for payload in (*payloads, event_pb2.CaptureFinished()):
        stream.wrap(payload)
