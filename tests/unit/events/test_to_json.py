"""An event is one line of JSON that says its defaults too and reads back as itself."""

from __future__ import annotations

import json

from google.protobuf import json_format

from framecap.errors import SpecSyntax
from framecap.events import messages
from framecap.events.to_json import to_line
from framecap.v1 import event_pb2

FRAME_NAMES = {
    "index",
    "pts",
    "timeBase",
    "mediaTime",
    "requestedTime",
    "keyframe",
    "width",
    "height",
    "format",
    "sizeBytes",
    "sha256",
    "dhash",
    "change",
}


def test_a_frame_says_its_defaults() -> None:
    frame = event_pb2.FrameCaptured(
        index=1,
        time_base=event_pb2.Rational(numerator=1, denominator=25),
        media_time=messages.duration(0),
        requested_time=messages.duration(0),
        data=b"\x00\xff",
    )
    line = json.loads(to_line(event_pb2.CaptureEvent(sequence=1, frame=frame)))
    assert set(line["frame"]) >= FRAME_NAMES
    assert line["frame"]["pts"] == "0"
    assert line["frame"]["change"] == 0.0
    assert line["frame"]["timeBase"] == {"numerator": "1", "denominator": "25"}
    assert line["frame"]["data"] == "AP8="
    assert "uri" not in line["frame"]


def test_an_event_is_one_line_of_ascii_whatever_its_words() -> None:
    warning = event_pb2.CaptureWarning(reason="X", message="a\nb\r\u2028\x85影")
    line = to_line(event_pb2.CaptureEvent(sequence=1, warning=warning))
    assert line.isascii()
    assert line.splitlines() == [line]
    assert json.loads(line)["warning"]["message"] == "a\nb\r\u2028\x85影"


def test_a_failure_with_all_its_details_reads_back_as_itself() -> None:
    error = SpecSyntax("Wrong.", field="text", column=3)
    event = event_pb2.CaptureEvent(sequence=9, finished=messages.finished(None, error))
    line = to_line(event)
    assert json.loads(line)["finished"]["status"]["details"][0]["reason"] == "SPEC_SYNTAX"
    assert json_format.Parse(line, event_pb2.CaptureEvent()) == event
