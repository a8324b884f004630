"""The manifest: whole, readable by its own message, and flat in memory."""

from __future__ import annotations

import errno
import tempfile
import tracemalloc

import pytest
from google.protobuf import json_format

from framecap.errors import SinkUnreachable
from framecap.events.manifest import Manifest
from framecap.v1 import event_pb2

ACCEPTED = event_pb2.CaptureAccepted(source="films/a.mp4", text="video/snapshots,f_jpg")


def frame(index: int) -> event_pb2.FrameCaptured:
    return event_pb2.FrameCaptured(index=index, pts=index - 1, uri=f"s3://shots/\u5f71{index}.jpg")


def read(data: memoryview) -> event_pb2.CaptureManifest:
    return json_format.Parse(bytes(data), event_pb2.CaptureManifest())


def test_it_says_what_the_events_said() -> None:
    manifest = Manifest(ACCEPTED)
    told = [
        event_pb2.MediaProbed(container="mp4"),
        event_pb2.CapturePlanned(decode_count=3),
        event_pb2.CaptureProgress(captured_count=1),
        frame(1),
        event_pb2.CaptureWarning(reason="A", message='a "\n'),
        frame(2),
        event_pb2.CaptureWarning(reason="B"),
        event_pb2.OutputFile(output="sheet", index=1, uri="s3://shots/sheet.png"),
    ]
    for payload in told:
        manifest.note(payload)
    finished = event_pb2.CaptureFinished(captured_count=2, explanation="all")
    data = manifest.complete(finished)
    manifest.close()
    assert read(data) == event_pb2.CaptureManifest(
        accepted=ACCEPTED,
        probed=told[0],
        planned=told[1],
        frames=[told[3], told[5]],
        warnings=[told[4], told[6]],
        files=[told[7]],
        finished=finished,
    )
    # As in the lines of events, defaults are there: the first frame's time is 0, not missing.
    assert b'"pts": "0"' in bytes(data)


def test_without_frames_it_is_whole_too() -> None:
    manifest = Manifest(ACCEPTED)
    data = manifest.complete(event_pb2.CaptureFinished(explanation="nothing changed"))
    manifest.close()
    assert read(data).finished.explanation == "nothing changed"


def test_memory_does_not_grow_with_it() -> None:
    manifest = Manifest(ACCEPTED)
    manifest.note(frame(1))
    tracemalloc.start()
    for index in range(2, 4000):
        manifest.note(frame(index))
    data = manifest.complete(event_pb2.CaptureFinished())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    manifest.close()
    assert len(data) > 1_000_000
    assert peak < 500_000
    assert len(read(data).frames) == 3999


def test_no_room_for_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    manifest = Manifest(ACCEPTED)
    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    with pytest.raises(SinkUnreachable, match="until it is whole: No space left on device"):
        manifest.complete(event_pb2.CaptureFinished())
    manifest.close()
    with pytest.raises(SinkUnreachable):
        Manifest(ACCEPTED)
