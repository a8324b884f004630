"""What the public messages promise: their fields and cases, by name and number."""

from __future__ import annotations

import pytest
from google.protobuf.descriptor import Descriptor

from framecap.v1 import capture_pb2, event_pb2, snapshot_service_pb2

REQUEST = snapshot_service_pb2.CaptureFramesRequest.DESCRIPTOR
EXPLAIN = snapshot_service_pb2.ExplainCaptureRequest.DESCRIPTOR
IMAGE = snapshot_service_pb2.CaptureImageRequest.DESCRIPTOR
SPEC = capture_pb2.CaptureSpec.DESCRIPTOR
OUTPUT = capture_pb2.Output.DESCRIPTOR
EVENT = event_pb2.CaptureEvent.DESCRIPTOR


@pytest.mark.parametrize(
    ("message", "choice", "cases"),
    [
        pytest.param(REQUEST, "request", {"text": 2, "spec": 3, "outputs": 4}, id="a capture"),
        pytest.param(EXPLAIN, "request", {"text": 2, "spec": 3, "outputs": 4}, id="a plan"),
        pytest.param(IMAGE, "request", {"text": 2, "spec": 3}, id="one image has no outputs"),
        pytest.param(
            SPEC, "encoding", {"jpeg": 10, "png": 11, "webp": 12, "avif": 13}, id="an encoding"
        ),
        pytest.param(
            SPEC,
            "selection",
            {"interval": 1, "keyframe": 2, "average": 3, "change": 4, "instants": 5, "plugin": 6},
            id="a selection",
        ),
        pytest.param(
            OUTPUT, "kind", {"images": 3, "sprite": 4, "animation": 5}, id="a kind of output"
        ),
        pytest.param(
            EVENT,
            "event",
            {
                "accepted": 3,
                "probed": 4,
                "planned": 5,
                "progress": 6,
                "frame": 7,
                "chunk": 8,
                "warning": 9,
                "finished": 10,
                "output_file": 11,
                "attempt_started": 12,
            },
            id="an event",
        ),
    ],
)
def test_a_choice_has_its_cases(message: Descriptor, choice: str, cases: dict[str, int]) -> None:
    fields = message.oneofs_by_name[choice].fields
    assert {field.name: field.number for field in fields} == cases


@pytest.mark.parametrize(
    "message",
    [
        event_pb2.CaptureAccepted,
        event_pb2.FrameCaptured,
        event_pb2.ImageChunk,
        event_pb2.Shortfall,
        event_pb2.PlannedOutput,
        event_pb2.OutputFile,
    ],
    ids=lambda message: message.DESCRIPTOR.name,
)
def test_what_is_of_an_output_names_it(message: type) -> None:
    field = message.DESCRIPTOR.fields_by_name["output"]  # type: ignore[attr-defined]
    assert field.type == field.TYPE_STRING
    assert not field.is_repeated


def test_expected_counts_are_those_of_outputs() -> None:
    fields = event_pb2.CapturePlanned.DESCRIPTOR.fields_by_name
    assert fields["outputs"].is_repeated
    assert fields["outputs"].message_type is event_pb2.PlannedOutput.DESCRIPTOR
    assert "expected_count" in event_pb2.PlannedOutput.DESCRIPTOR.fields_by_name
    assert "expected_count" not in fields


def test_outputs_are_a_list_of_named_requests() -> None:
    listed = capture_pb2.OutputList.DESCRIPTOR.fields_by_name["outputs"]
    assert listed.is_repeated
    assert listed.message_type is OUTPUT
    assert {name: field.number for name, field in OUTPUT.fields_by_name.items()} == {
        "name": 1,
        "spec": 2,
        "images": 3,
        "sprite": 4,
        "animation": 5,
        "delivery": 6,
    }


def test_a_request_states_its_format_by_its_encoding_only() -> None:
    formats = capture_pb2.ImageFormat.DESCRIPTOR
    assert [field.name for field in SPEC.fields if field.enum_type is formats] == []
    assert "format" not in SPEC.fields_by_name
    assert event_pb2.FrameCaptured.DESCRIPTOR.fields_by_name["format"].enum_type is formats
