import pytest
from google.protobuf.duration_pb2 import Duration

from framecap.cli.facts import (
    STRATEGIES,
    accepted_rows,
    media_rows,
    plan_rows,
    size_words,
    table,
)
from framecap.v1 import capture_pb2, event_pb2

ROTATED = event_pb2.MediaProbed(
    container="mov,mp4",
    codec="h264",
    pixel_format="yuv420p",
    stream_index=2,
    coded_width=720,
    coded_height=576,
    width=576,
    height=768,
    rotation_degrees=90,
    mirrored=True,
    sample_aspect_ratio={"numerator": 16, "denominator": 15},
    frame_rate={"numerator": 30000, "denominator": 1001},
    zero={"numerator": 7, "denominator": 5},
    streams=[{"stream_index": 1, "kind": "audio", "start": {"numerator": 3, "denominator": 2}}],
    duration=Duration(seconds=65, nanos=500_000_000),
    frame_count=1963,
)

JPG = capture_pb2.CaptureSpec(jpeg={})


def test_a_video_is_told_in_words():
    rows = dict(media_rows(ROTATED))
    assert rows["video"] == "h264, yuv420p, stream 2"
    assert rows["size"] == (
        "576x768, stored as 720x576, mirrored, turned by 90 degrees, pixels 16:15"
    )
    assert rows["frame rate"] == "29.97 per second"
    assert rows["duration"] == "00:01:05.500 by the header"
    assert rows["frames"] == "1963 by the header"
    assert rows["time 0"] == "1.4 s on the container's clock"
    assert rows["starts"] == "audio 1: 1.5 s"


def test_what_the_header_does_not_say_is_left_out():
    rows = dict(media_rows(event_pb2.MediaProbed(codec="mp3", cover=True)))
    assert "cover" in rows
    assert not {"video", "frame rate", "duration", "frames", "time 0", "starts"} & set(rows)


@pytest.mark.parametrize(
    ("expected_count", "exact", "words"),
    [
        (30, True, "30 images, 640x360 JPG"),
        (30, False, "about 30 images, 640x360 JPG"),
        (0, False, "images, how many is not known before decoding, 640x360 JPG"),
        (0, True, "0 images, 640x360 JPG"),
    ],
)
def test_a_plan_says_what_is_certain(expected_count, exact, words):
    output = event_pb2.PlannedOutput(
        expected_count=expected_count, exact=exact, width=640, height=360
    )
    plan = event_pb2.CapturePlanned(outputs=[output])
    rows = dict(plan_rows(plan, JPG, event_pb2.MediaProbed()))
    assert rows["result"] == words


def test_a_plan_tells_its_cost_and_reason():
    plan = event_pb2.CapturePlanned(
        strategy=event_pb2.CAPTURE_STRATEGY_SEEK,
        decode_count=120,
        read_bytes=2_500_000,
        explanation="Few instants, far apart.",
    )
    rows = dict(plan_rows(plan, JPG, event_pb2.MediaProbed(frame_count=3000)))
    assert rows["decoding"] == "a seek to each instant"
    assert rows["cost"] == "at most about 120 of 3000 frames to decode, about 2.5 MB to read"
    assert rows["why"] == "Few instants, far apart."


def test_every_strategy_has_words():
    assert set(STRATEGIES) == set(event_pb2.CaptureStrategy.values()) - {0}


def test_a_request_is_told_with_its_warnings():
    warning = event_pb2.CaptureWarning(message="thr has no effect")
    accepted = event_pb2.CaptureAccepted(source="a.mp4", text="t", warnings=[warning])
    assert ("warning", "thr has no effect") in list(accepted_rows(accepted))


def test_a_table_is_aligned_and_has_no_empty_rows():
    assert table(iter([("a", "1"), ("b", ""), ("long label", "2")])) == (
        "a           1\nlong label  2"
    )


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1 kB"),
        (123_456, "123 kB"),
        (2_500_000, "2.5 MB"),
        (1_234_567_890, "1.23 GB"),
        (98_765_432_100, "98.8 GB"),
    ],
)
def test_sizes_are_told_in_words(size, words):
    assert size_words(size) == words
