"""The last event of a capture: one function makes it of the parts' frozen values."""

from __future__ import annotations

import ast
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import pytest
from google.protobuf.duration_pb2 import Duration

import framecap
from framecap.capture_result import CaptureResult, Delivered, finished
from framecap.errors import MediaCorrupt
from framecap.model.usage import NO_USAGE
from framecap.sink.payloads import Written
from framecap.source.opened import Traffic
from framecap.v1.event_pb2 import CaptureFinished, CaptureUsage

AUTHORS = {"capture_result.py", "events/messages.py"}
"""The author of the event, and that of the decoder's report, which has the same message."""


def report() -> CaptureFinished:
    message = CaptureFinished(requested_count=9, captured_count=4, read_bytes=77, explanation="why")
    message.shortfalls.add(count=5)
    message.stage_times["decode"].FromMilliseconds(30)
    message.stage_times["deliver"].FromMilliseconds(1)
    return message


def test_a_capture_without_work_has_only_a_status() -> None:
    message = finished(CaptureResult(), None)
    assert message.HasField("status")
    message.ClearField("status")
    assert message == CaptureFinished()


def test_the_decoders_report_is_completed_by_the_service() -> None:
    reported = report()
    result = CaptureResult(
        reported=reported,
        progress_bytes=70,
        delivered=Delivered(count=3, size_bytes=1000),
        stage_times={"deliver": 2_000_000, "upload": 5},
        output="small",
        manifest_uri="s3://a/b.json",
    )
    message = finished(result, MediaCorrupt("broken"))
    assert message.status.message == "broken"
    assert (message.requested_count, message.captured_count, message.image_bytes) == (9, 3, 1000)
    assert (message.read_bytes, message.read_request_count) == (77, 0)
    assert [(each.count, each.output) for each in message.shortfalls] == [(5, "small")]
    assert message.manifest_uri == "s3://a/b.json"
    times = {stage: spent.ToNanoseconds() for stage, spent in message.stage_times.items()}
    assert times == {"decode": 30_000_000, "deliver": 2_000_000, "upload": 5}
    assert times == result.all_times
    assert reported == report()


def test_the_bytes_of_a_decoder_that_did_not_report_are_those_of_its_progress() -> None:
    assert finished(CaptureResult(progress_bytes=70), None).read_bytes == 70


def test_the_traffic_of_a_remote_source_replaces_the_decoders_report() -> None:
    traffic = Traffic(bytes=5, requests=2, seconds=0.25)
    message = finished(CaptureResult(reported=report(), traffic=traffic), None)
    assert (message.read_bytes, message.read_request_count) == (5, 2)
    assert message.stage_times["read"].ToMilliseconds() == 250


def test_the_usage_is_said_where_it_is_recorded() -> None:
    reported = CaptureFinished(decoded_count=30, read_bytes=77)
    result = CaptureResult(
        reported=reported,
        delivered=Delivered(count=4, size_bytes=900, object_count=3),
        cpu=2_500_000_000,
        written=Written(bytes=1000, requests=5),
    )
    assert not finished(result, None).HasField("usage")
    message = finished(result, None, charged=True)
    assert message.captured_count == 4
    assert message.usage == CaptureUsage(
        image_count=3,
        decoded_count=30,
        cpu_time=Duration(seconds=2, nanos=500_000_000),
        read_bytes=77,
        written_bytes=1000,
        request_count=5,
    )
    remote = replace(result, traffic=Traffic(bytes=5, requests=2, seconds=0.25))
    assert (remote.usage.read_bytes, remote.usage.request_count) == (5, 7)


def test_a_decoder_cannot_lower_the_usage_of_others() -> None:
    reported = CaptureFinished(decoded_count=-30, read_bytes=-77)
    assert CaptureResult(reported=reported).usage == NO_USAGE


def test_a_result_is_frozen() -> None:
    result = CaptureResult()
    with pytest.raises(FrozenInstanceError):
        result.output = "other"  # type: ignore[misc]


def test_nobody_else_makes_the_message() -> None:
    package = Path(framecap.__file__).parent
    authors = {
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        if "_pb2" not in path.name and makes(path.read_text())
    }
    assert authors == AUTHORS


def makes(source: str) -> bool:
    """Returns whether a source constructs the message."""
    calls = (node.func for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    names = (getattr(call, "attr", getattr(call, "id", "")) for call in calls)
    return "CaptureFinished" in names
