"""A stream's events are numbered, and stand only where they may."""

from __future__ import annotations

import pytest
from google.rpc import status_pb2
from hypothesis import given
from hypothesis import strategies as st

from framecap.events.stream import CASES, EventStream, OutOfOrder, Payload
from framecap.v1 import event_pb2

ACCEPTED = event_pb2.CaptureAccepted(call_id="c")
PROBED = event_pb2.MediaProbed(codec="h264")
PLANNED = event_pb2.CapturePlanned(decode_count=1)
PROGRESS = event_pb2.CaptureProgress(read_bytes=1)
WARNING = event_pb2.CaptureWarning(reason="X")
OUTPUT_FILE = event_pb2.OutputFile(output="o", index=1)
ATTEMPT = event_pb2.AttemptStarted(attempt=1)
FINISHED = event_pb2.CaptureFinished(status=status_pb2.Status(code=0))
FAILED = event_pb2.CaptureFinished(status=status_pb2.Status(code=9))


def frame(index: int, *, size: int = 3, first: bytes = b"abc") -> event_pb2.FrameCaptured:
    return event_pb2.FrameCaptured(index=index, size_bytes=size, data=first)


def chunk(index: int, offset: int, part: bytes) -> event_pb2.ImageChunk:
    return event_pb2.ImageChunk(index=index, offset=offset, data=part)


def output_file(size: int) -> event_pb2.OutputFile:
    return event_pb2.OutputFile(output="o", index=1, size_bytes=size, data=b"abc")


STORED = event_pb2.FrameCaptured(index=1, size_bytes=3, uri="s3://b/k")
SUPERSEDED = event_pb2.FrameCaptured(index=1, size_bytes=3, superseded=True)
BEGUN = (ACCEPTED, PROBED, PLANNED)


def told(*payloads: Payload) -> EventStream:
    stream = EventStream(clock=lambda: 0)
    for payload in payloads:
        stream.wrap(payload)
    return stream


def test_every_case_of_an_event_can_be_told() -> None:
    fields = event_pb2.CaptureEvent.DESCRIPTOR.oneofs_by_name["event"].fields
    assert sorted(CASES.values()) == sorted(field.name for field in fields)


def test_events_are_numbered_from_1_and_dated() -> None:
    stream = EventStream(clock=lambda: 1_700_000_000_000_000_001)
    assert stream.sequence == 0
    events = [stream.wrap(payload) for payload in (*BEGUN, frame(1), FINISHED)]
    assert [event.sequence for event in events] == [1, 2, 3, 4, 5]
    assert stream.sequence == 5
    assert events[0].event_time.ToNanoseconds() == 1_700_000_000_000_000_001
    assert [event.WhichOneof("event") for event in events] == [
        "accepted",
        "probed",
        "planned",
        "frame",
        "finished",
    ]
    assert events[3].frame == frame(1)


def test_progress_is_not_of_record() -> None:
    stream = EventStream()
    events = [
        stream.wrap(payload)
        for payload in (ACCEPTED, PROGRESS, PROBED, PROGRESS, PROGRESS, WARNING)
    ]
    assert [event.sequence for event in events] == [1, 0, 2, 0, 0, 3]
    assert stream.sequence == 3


def test_with_an_attempt_images_begin_again() -> None:
    stream = told(ACCEPTED, ATTEMPT, PROBED, PLANNED, frame(1), frame(2), ATTEMPT, PROBED)
    with pytest.raises(OutOfOrder, match="frame before planned"):
        stream.wrap(frame(1))
    assert stream.wrap(PLANNED).sequence == 9
    assert stream.wrap(frame(1)).sequence == 10
    assert stream.wrap(FINISHED).sequence == 11


def test_an_event_without_content_still_says_what_it_is() -> None:
    assert EventStream().wrap(event_pb2.CaptureAccepted()).WhichOneof("event") == "accepted"


@pytest.mark.parametrize(
    "payloads",
    [
        (ACCEPTED, FINISHED),
        (ACCEPTED, FAILED),
        (ACCEPTED, PROGRESS, PROBED, WARNING, PLANNED, PROGRESS, FINISHED),
        (*BEGUN, STORED, PROGRESS, event_pb2.FrameCaptured(index=2, uri="s3://b/l"), FINISHED),
        (*BEGUN, SUPERSEDED, event_pb2.FrameCaptured(index=2, uri="s3://b/k"), FINISHED),
        (*BEGUN, frame(1, size=5), chunk(1, 3, b"d"), chunk(1, 4, b"e"), frame(2), FINISHED),
        (*BEGUN, frame(1, size=5), FAILED),
        (*BEGUN, OUTPUT_FILE, frame(1), OUTPUT_FILE, FINISHED),
        (*BEGUN, output_file(5), chunk(1, 3, b"d"), chunk(1, 4, b"e"), frame(1), FINISHED),
        (ACCEPTED, ATTEMPT, *BEGUN[1:], frame(1), ATTEMPT, *BEGUN[1:], frame(1), FINISHED),
    ],
)
def test_streams_that_are_in_order(payloads: tuple[Payload, ...]) -> None:
    assert told(*payloads).finished


@pytest.mark.parametrize(
    ("before", "payload", "says"),
    [
        ((), PROBED, "probed before accepted"),
        ((), FINISHED, "finished before accepted"),
        ((), ATTEMPT, "attempt_started before accepted"),
        ((ACCEPTED, PROBED), OUTPUT_FILE, "output_file before planned"),
        ((*BEGUN, frame(1, size=5)), ATTEMPT, "attempt_started amid the chunks of image 1"),
        ((ACCEPTED,), ACCEPTED, "accepted a second time"),
        ((ACCEPTED,), PLANNED, "planned before probed"),
        ((ACCEPTED, PROBED), PROBED, "probed a second time"),
        (BEGUN, PLANNED, "planned a second time"),
        ((ACCEPTED, PROBED), STORED, "frame before planned"),
        (BEGUN, frame(2), "frame 2 after frame 0"),
        ((*BEGUN, frame(1)), frame(1), "frame 1 after frame 1"),
        ((*BEGUN, frame(1)), frame(3), "frame 3 after frame 1"),
        (BEGUN, chunk(1, 0, b"a"), "chunk before frame"),
        ((*BEGUN, output_file(5)), FINISHED, "finished amid the chunks of file 1"),
        ((*BEGUN, frame(1), output_file(3)), chunk(1, 3, b"d"), "chunk beyond the end of file 1"),
        ((*BEGUN, output_file(5)), chunk(2, 3, b"d"), "chunk at 3 of 2 where 3 of file 1"),
        ((*BEGUN, frame(1)), chunk(1, 3, b"d"), "chunk beyond the end of image 1"),
        ((*BEGUN, STORED), chunk(1, 0, b"d"), "chunk beyond the end of image 1"),
        ((*BEGUN, frame(1, size=5)), chunk(2, 3, b"d"), "chunk at 3 of 2 where 3 of image 1"),
        ((*BEGUN, frame(1, size=5)), chunk(1, 4, b"d"), "chunk at 4 of 1 where 3 of image 1"),
        ((*BEGUN, frame(1, size=5)), PROGRESS, "progress amid the chunks of image 1"),
        ((*BEGUN, frame(1, size=5)), frame(2), "frame amid the chunks of image 1"),
        ((*BEGUN, frame(1, size=5)), FINISHED, "finished amid the chunks of image 1"),
        ((ACCEPTED, FINISHED), PROGRESS, "progress after finished"),
        ((ACCEPTED, FINISHED), FINISHED, "finished after finished"),
        ((ACCEPTED, FAILED), FAILED, "finished after finished"),
    ],
)
def test_events_that_must_not_stand_there(
    before: tuple[Payload, ...], payload: Payload, says: str
) -> None:
    stream = told(*before)
    with pytest.raises(OutOfOrder, match=says):
        stream.wrap(payload)
    assert stream.sequence == sum(payload is not PROGRESS for payload in before)


def test_a_refused_event_leaves_the_stream_as_it_was() -> None:
    stream = told(*BEGUN, frame(1, size=5))
    with pytest.raises(OutOfOrder):
        stream.wrap(chunk(1, 3, b"too long"))
    assert stream.wrap(chunk(1, 3, b"de")).sequence == 5
    assert stream.wrap(FINISHED).sequence == 6


ANY = st.lists(
    st.sampled_from([ACCEPTED, PROBED, PLANNED, PROGRESS, WARNING, STORED, FINISHED, FAILED]),
    max_size=12,
)


@given(ANY)
def test_whatever_is_tried_what_is_told_is_in_order(payloads: list[Payload]) -> None:
    stream, cases = EventStream(), []
    for payload in payloads:
        try:
            event = stream.wrap(payload)
        except OutOfOrder:
            continue
        cases.append(event.WhichOneof("event"))
        of_record = sum(case != "progress" for case in cases)
        assert event.sequence == (0 if cases[-1] == "progress" else of_record)
    assert cases[:1] in ([], ["accepted"])
    for once in ("accepted", "probed", "planned", "finished"):
        assert cases.count(once) <= 1
    if "finished" in cases:
        assert cases[-1] == "finished"


def test_a_resumed_stream_goes_on_after_its_last_event() -> None:
    stream = EventStream.resumed(7)
    following = [stream.wrap(payload).sequence for payload in (PROBED, PROGRESS, PLANNED, STORED)]
    assert following == [8, 0, 9, 10]
    with pytest.raises(OutOfOrder):
        EventStream.resumed(7).wrap(ACCEPTED)


def test_a_stream_resumed_at_0_begins() -> None:
    assert EventStream.resumed(0).wrap(ACCEPTED).sequence == 1
    with pytest.raises(OutOfOrder):
        EventStream.resumed(0).wrap(PROBED)
