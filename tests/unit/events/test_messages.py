"""The frozen values become messages that say the same, whatever a file put into them."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from google.protobuf.json_format import MessageToJson
from hypothesis import given
from hypothesis import strategies as st

from framecap.errors import MediaCorrupt
from framecap.events import messages
from framecap.model.capture import (
    CaptureWarning,
    Damage,
    Image,
    Lack,
    Phase,
    Progress,
    Reason,
    Shortfall,
    Summary,
)
from framecap.model.media import MediaInfo, Orientation, StreamStart
from framecap.model.plan import Geometry, Offset, Plan, Size, Strategy
from framecap.model.spec import ImageFormat
from framecap.timebase import Clock
from framecap.v1 import capture_pb2, event_pb2

MEDIA = MediaInfo(
    container="mov,mp4",
    codec="h264",
    cover=False,
    stream_index=1,
    stream_ordinal=0,
    coded_width=1920,
    coded_height=1088,
    display_width=1080,
    display_height=1920,
    sample_aspect_ratio=Fraction(4, 3),
    orientation=Orientation(quarter_turns=3, mirrored=True),
    pixel_format="yuv420p",
    frame_rate=Fraction(30000, 1001),
    clock=Clock(time_base=Fraction(1, 90000), zero=Fraction(-7, 5)),
    streams=(StreamStart(index=0, kind="audio", start=Fraction(-1, 48000)),),
    duration=60_500_000_000,
    frame_count=1813,
)

IMAGE = Image(
    index=7,
    pts=-450,
    time_base=Fraction(1, 90000),
    media_time=1_500_000_000,
    requested_time=2_000_000_000,
    answered_count=3,
    keyframe=True,
    damaged=True,
    reason=Reason.CHANGE,
    dhash=0xA1,
    changed_bits=16,
    width=100,
    height=50,
    format=ImageFormat.PNG,
    data=b"\x89PNG",
)

PLAN = Plan(
    strategy=Strategy.SEEK,
    reading=Strategy.SEEK,
    expected_count=10,
    exact=True,
    decode_count=250,
    read_bytes=4096,
    geometry=Geometry(
        scaled=Size(200, 100),
        crop=Offset(0, 0),
        content=Size(200, 100),
        canvas=Size(300, 100),
        pad=Offset(50, 0),
    ),
    end=None,
    explanation="Ten instants lie far apart.",
)

SUMMARY = Summary(
    requested_count=12,
    captured_count=10,
    shortfalls=(Shortfall(reason=Lack.AFTER_END, count=2),),
    explanation="Two instants lie after the end.",
    damage=Damage(damaged=1, undecodable=2, repaired_times=3, read_errors=4),
    read_bytes=99,
    decoded_count=30,
    end=5_000_000_001,
    stage_times={"open": 1_000_000, "decode": 2_000_000_000},
    seek_repairs=6,
)


def test_probed_says_every_fact_of_the_source() -> None:
    message = messages.probed(MEDIA)
    assert (message.container, message.codec, message.cover) == ("mov,mp4", "h264", False)
    assert (message.stream_index, message.stream_ordinal) == (1, 0)
    assert (message.coded_width, message.coded_height) == (1920, 1088)
    assert (message.width, message.height) == (1080, 1920)
    assert (message.rotation_degrees, message.mirrored) == (270, True)
    assert message.sample_aspect_ratio == event_pb2.Rational(numerator=4, denominator=3)
    assert message.pixel_format == "yuv420p"
    assert message.frame_rate == event_pb2.Rational(numerator=30000, denominator=1001)
    assert message.time_base == event_pb2.Rational(numerator=1, denominator=90000)
    assert message.zero == event_pb2.Rational(numerator=-7, denominator=5)
    assert [(s.stream_index, s.kind) for s in message.streams] == [(0, "audio")]
    assert message.streams[0].start == event_pb2.Rational(numerator=-1, denominator=48000)
    assert (message.duration.ToNanoseconds(), message.frame_count) == (60_500_000_000, 1813)


def test_what_a_container_does_not_claim_stays_unset() -> None:
    message = messages.probed(replace(MEDIA, frame_rate=None, duration=None, frame_count=None))
    assert not message.HasField("frame_rate")
    assert not message.HasField("duration")
    assert message.frame_count == 0


def test_planned_says_strategy_counts_and_size() -> None:
    assert messages.planned(PLAN) == event_pb2.CapturePlanned(
        strategy=event_pb2.CAPTURE_STRATEGY_SEEK,
        decode_count=250,
        read_bytes=4096,
        explanation="Ten instants lie far apart.",
        outputs=[event_pb2.PlannedOutput(expected_count=10, exact=True, width=300, height=100)],
    )


def test_a_plan_that_knows_no_counts_says_zero() -> None:
    message = messages.planned(
        replace(PLAN, expected_count=None, decode_count=None, read_bytes=None, exact=False)
    )
    (output,) = message.outputs
    assert (output.expected_count, message.decode_count, message.read_bytes) == (0, 0, 0)


def test_frame_says_every_fact_and_none_that_the_service_finds() -> None:
    message = messages.frame(IMAGE)
    assert (message.index, message.pts) == (7, -450)
    assert message.time_base == event_pb2.Rational(numerator=1, denominator=90000)
    assert message.media_time.ToNanoseconds() == 1_500_000_000
    assert message.requested_time.ToNanoseconds() == 2_000_000_000
    assert message.time_error.ToNanoseconds() == -500_000_000
    assert (message.answered_count, message.keyframe, message.damaged) == (3, True, True)
    assert message.reason == event_pb2.SELECTION_REASON_CHANGE
    assert (message.width, message.height) == (100, 50)
    assert message.format == capture_pb2.IMAGE_FORMAT_PNG
    assert message.dhash == "00000000000000a1"
    assert message.change == 25.0
    assert (message.size_bytes, message.sha256) == (0, "")
    assert message.WhichOneof("image") is None


@pytest.mark.parametrize(("bits", "percent"), [(None, 0.0), (0, 0.0), (1, 1.5625), (64, 100.0)])
def test_change_is_the_share_of_64_bits(bits: int | None, percent: float) -> None:
    assert messages.frame(replace(IMAGE, changed_bits=bits)).change == percent


def test_the_highest_hash_has_16_digits() -> None:
    assert messages.frame(replace(IMAGE, dhash=2**64 - 1)).dhash == "f" * 16


def test_progress_without_total_leaves_it_unset() -> None:
    report = Progress(phase=Phase.DECODING, done=1_000, total=None, captured_count=2, read_bytes=3)
    message = messages.progress(report)
    assert message.phase == event_pb2.CAPTURE_PHASE_DECODING
    assert message.done.ToNanoseconds() == 1_000
    assert not message.HasField("total")
    assert (message.captured_count, message.read_bytes) == (2, 3)
    assert messages.progress(replace(report, total=5)).total.ToNanoseconds() == 5


def test_a_warning_keeps_its_parts() -> None:
    message = messages.warning(CaptureWarning(reason="X", message="m", metadata={"a": "1"}))
    assert (message.reason, message.message, dict(message.metadata)) == ("X", "m", {"a": "1"})


def test_a_warning_about_a_name_that_is_not_utf8_can_be_told() -> None:
    message = messages.warning(
        CaptureWarning(reason="X", message="a\udcff", metadata={"a": "\udcff"})
    )
    assert (message.message, message.metadata["a"]) == ("a\\udcff", "\\udcff")


def test_finished_sums_up() -> None:
    message = messages.finished(SUMMARY)
    assert message.status.code == 0
    assert (message.requested_count, message.captured_count) == (12, 10)
    assert list(message.shortfalls) == [
        event_pb2.Shortfall(reason=event_pb2.SHORTFALL_REASON_AFTER_END, count=2)
    ]
    assert message.explanation == "Two instants lie after the end."
    assert message.damage == event_pb2.DamageReport(
        damaged_count=1, undecodable_count=2, repaired_time_count=3, read_error_count=4
    )
    assert (message.read_bytes, message.decoded_count) == (99, 30)
    assert message.seek_repair_count == 6
    assert message.stage_times["decode"].ToNanoseconds() == 2_000_000_000
    assert message.end_time.ToNanoseconds() == 5_000_000_001


def test_finished_without_summary_has_only_its_status() -> None:
    message = messages.finished(None, MediaCorrupt("Nothing can be decoded."))
    assert message.status.code == 9
    assert message.status.message == "Nothing can be decoded."
    assert not message.HasField("damage")
    assert not message.HasField("end_time")


def test_a_failed_capture_keeps_its_counts() -> None:
    message = messages.finished(SUMMARY, MediaCorrupt("Damaged."))
    assert (message.status.code, message.captured_count) == (9, 10)


@pytest.mark.parametrize(
    ("table", "names"),
    [
        (messages.STRATEGIES, event_pb2.CaptureStrategy),
        (messages.PHASES, event_pb2.CapturePhase),
        (messages.REASONS, event_pb2.SelectionReason),
        (messages.LACKS, event_pb2.ShortfallReason),
    ],
)
def test_every_member_has_the_name_it_has_in_the_proto(table, names) -> None:
    kind = type(next(iter(table)))
    assert set(table) == set(kind)
    assert len(names.keys()) == len(table) + 1
    for member, number in table.items():
        assert names.Name(number).endswith(f"_{member.name}")


@given(st.fractions())
def test_a_rational_is_exact_when_its_halves_fit(value: Fraction) -> None:
    message = messages.rational(value)
    if abs(value.numerator) < 2**63 and value.denominator < 2**63:
        assert Fraction(message.numerator, message.denominator) == value
    assert message.denominator > 0


@given(st.integers(-(2**200), 2**200), st.integers(1, 2**200))
def test_a_rational_of_any_size_is_told_nearly(over: int, under: int) -> None:
    value = Fraction(over, under)
    message = messages.rational(value)
    told = Fraction(message.numerator, message.denominator)
    if abs(value) < 2**63 - 1:
        assert abs(told - value) <= max(1, abs(value)) / 2
    else:
        assert abs(told) == 2**63 - 1
        assert (told > 0) == (value > 0)


@given(st.integers(-(2**80), 2**80))
def test_any_duration_is_told_and_printed(instant: int) -> None:
    message = messages.duration(instant)
    limit = 315_576_000_000 * 10**9
    assert message.ToNanoseconds() == max(-limit, min(instant, limit))
    assert MessageToJson(message)


def test_a_negative_duration_has_one_sign() -> None:
    message = messages.duration(-1_500_000_000)
    assert (message.seconds, message.nanos) == (-1, -500_000_000)


@given(pts=st.integers(-(2**70), 2**70), size=st.integers(1, 2**70), count=st.integers(1, 2**70))
def test_what_a_hostile_file_claims_is_held_in_range(pts: int, size: int, count: int) -> None:
    image = messages.frame(
        replace(IMAGE, pts=pts, media_time=pts, requested_time=-pts, answered_count=count)
    )
    assert image.answered_count == min(count, 2**31 - 1)
    media = messages.probed(
        replace(MEDIA, display_width=size, coded_width=size, frame_count=count, duration=count)
    )
    assert media.width == min(size, 2**31 - 1)
    assert MessageToJson(image)
    assert MessageToJson(media)
