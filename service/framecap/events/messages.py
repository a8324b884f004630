"""Converts the model's frozen values to protobuf messages.

Every function is total: values from a hostile file (a pts of 2^63, a pixel a billion times wider
than high) are clamped to the range of the message's field and never raise.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final, cast

from google.protobuf.duration_pb2 import Duration

from framecap.errors import CaptureError
from framecap.events.status import to_status
from framecap.formats.registry import FORMATS
from framecap.model.capture import (
    CaptureWarning,
    Damage,
    Image,
    Lack,
    OutputFile,
    Phase,
    Progress,
    Reason,
    Summary,
)
from framecap.model.media import MediaInfo, StreamStart
from framecap.model.plan import Plan, Strategy
from framecap.model.spec import ImageFormat
from framecap.model.usage import Usage
from framecap.timebase import NANOSECONDS_PER_SECOND, Nanoseconds
from framecap.v1 import capture_pb2, event_pb2

HASH_BITS: Final = 64

MAX_INT32: Final = 2**31 - 1
MAX_INT64: Final = 2**63 - 1

# The limit of google.protobuf.Duration, about 10 000 years.
MAX_DURATION: Final = 315_576_000_000 * NANOSECONDS_PER_SECOND

STRATEGIES: Final[Mapping[Strategy, event_pb2.CaptureStrategy]] = {
    Strategy.SEQUENTIAL: event_pb2.CAPTURE_STRATEGY_SEQUENTIAL,
    Strategy.SLICED: event_pb2.CAPTURE_STRATEGY_SLICED,
    Strategy.KEYFRAMES: event_pb2.CAPTURE_STRATEGY_KEYFRAMES,
    Strategy.SEEK: event_pb2.CAPTURE_STRATEGY_SEEK,
    Strategy.TWO_PASSES: event_pb2.CAPTURE_STRATEGY_TWO_PASSES,
    Strategy.COVER: event_pb2.CAPTURE_STRATEGY_COVER,
}

PHASES: Final[Mapping[Phase, event_pb2.CapturePhase]] = {
    Phase.QUEUED: event_pb2.CAPTURE_PHASE_QUEUED,
    Phase.OPENING: event_pb2.CAPTURE_PHASE_OPENING,
    Phase.MEASURING: event_pb2.CAPTURE_PHASE_MEASURING,
    Phase.HASHING: event_pb2.CAPTURE_PHASE_HASHING,
    Phase.DECODING: event_pb2.CAPTURE_PHASE_DECODING,
    Phase.UPLOADING: event_pb2.CAPTURE_PHASE_UPLOADING,
    Phase.DONE: event_pb2.CAPTURE_PHASE_DONE,
}

REASONS: Final[Mapping[Reason, event_pb2.SelectionReason]] = {
    Reason.INSTANT: event_pb2.SELECTION_REASON_INSTANT,
    Reason.EVERY_FRAME: event_pb2.SELECTION_REASON_EVERY_FRAME,
    Reason.KEYFRAME: event_pb2.SELECTION_REASON_KEYFRAME,
    Reason.CHANGE: event_pb2.SELECTION_REASON_CHANGE,
    Reason.COVER: event_pb2.SELECTION_REASON_COVER,
    Reason.SCORE: event_pb2.SELECTION_REASON_SCORE,
}

LACKS: Final[Mapping[Lack, event_pb2.ShortfallReason]] = {
    Lack.AFTER_END: event_pb2.SHORTFALL_REASON_AFTER_END,
    Lack.SAME_FRAME: event_pb2.SHORTFALL_REASON_SAME_FRAME,
    Lack.NO_MORE_FRAMES: event_pb2.SHORTFALL_REASON_NO_MORE_FRAMES,
    Lack.BELOW_THRESHOLD: event_pb2.SHORTFALL_REASON_BELOW_THRESHOLD,
    Lack.UNDECODABLE: event_pb2.SHORTFALL_REASON_UNDECODABLE,
    Lack.COVER_IS_ONE_IMAGE: event_pb2.SHORTFALL_REASON_COVER_IS_ONE_IMAGE,
}


def image_format(format: ImageFormat) -> capture_pb2.ImageFormat:
    """Returns the number of an image format."""
    number: Any = FORMATS[format].number
    return cast("capture_pb2.ImageFormat", number)


def probed(media: MediaInfo) -> event_pb2.MediaProbed:
    """Returns the `probed` payload: the contents of a source."""
    message = event_pb2.MediaProbed(
        container=media.container,
        codec=media.codec,
        cover=media.cover,
        stream_index=media.stream_index,
        stream_ordinal=media.stream_ordinal,
        coded_width=_int32(media.coded_width),
        coded_height=_int32(media.coded_height),
        width=_int32(media.display_width),
        height=_int32(media.display_height),
        rotation_degrees=media.orientation.quarter_turns * 90,
        mirrored=media.orientation.mirrored,
        sample_aspect_ratio=rational(media.sample_aspect_ratio),
        pixel_format=media.pixel_format,
        time_base=rational(media.clock.time_base),
        zero=rational(media.clock.zero),
        streams=[_stream(stream) for stream in media.streams],
        frame_count=_int64(media.frame_count or 0),
    )
    if media.dolby_vision is not None:
        message.dolby_vision_profile = media.dolby_vision.name
    if media.frame_rate is not None:
        message.frame_rate.CopyFrom(rational(media.frame_rate))
    if media.duration is not None:
        message.duration.CopyFrom(duration(media.duration))
    return message


def planned(plan: Plan) -> event_pb2.CapturePlanned:
    """Returns the `planned` payload: the strategy and the expected cost."""
    output = event_pb2.PlannedOutput(
        expected_count=_int64(plan.expected_count or 0),
        exact=plan.exact,
        width=_int32(plan.geometry.canvas.width),
        height=_int32(plan.geometry.canvas.height),
    )
    return event_pb2.CapturePlanned(
        strategy=STRATEGIES[plan.strategy],
        decode_count=_int64(plan.decode_count or 0),
        read_bytes=_int64(plan.read_bytes or 0),
        explanation=plan.explanation,
        outputs=[output],
    )


def progress(report: Progress) -> event_pb2.CaptureProgress:
    """Returns the `progress` payload, without the time left, which the service adds."""
    message = event_pb2.CaptureProgress(
        phase=PHASES[report.phase],
        done=duration(report.done),
        captured_count=report.captured_count,
        read_bytes=report.read_bytes,
    )
    if report.total is not None:
        message.total.CopyFrom(duration(report.total))
    return message


def frame(image: Image) -> event_pb2.FrameCaptured:
    """Returns the facts about an image, without its size, its SHA-256 and its location.

    The service determines these three itself, because a decoder is not trusted with them.
    """
    return event_pb2.FrameCaptured(
        index=image.index,
        pts=_int64(image.pts),
        time_base=rational(image.time_base),
        media_time=duration(image.media_time),
        requested_time=duration(image.requested_time),
        answered_count=_int32(image.answered_count),
        time_error=duration(image.media_time - image.requested_time),
        keyframe=image.keyframe,
        damaged=image.damaged,
        reason=REASONS[image.reason],
        width=image.width,
        height=image.height,
        format=image_format(image.format),
        dhash=f"{image.dhash:016x}",
        change=(image.changed_bits or 0) * 100 / HASH_BITS,
    )


def output_file(file: OutputFile) -> event_pb2.OutputFile:
    """Returns the facts about a file of several frames, without those the service determines."""
    return event_pb2.OutputFile(
        index=file.index,
        range=capture_pb2.TimeRange(
            start_offset=duration(file.start), end_offset=duration(file.end)
        ),
        width=file.width,
        height=file.height,
        media_type=file.media_type,
    )


def warning(warning: CaptureWarning) -> event_pb2.CaptureWarning:
    """Returns the `warning` payload."""
    return event_pb2.CaptureWarning(
        reason=warning.reason,
        message=_text(warning.message),
        metadata={name: _text(value) for name, value in warning.metadata.items()},
    )


def finished(
    summary: Summary | None = None, error: CaptureError | None = None
) -> event_pb2.CaptureFinished:
    """Returns the `finished` payload.

    Args:
        summary: The capture's results; None when the capture ended before it had any.
        error: The error that ended the capture; None when it succeeded.
    """
    message = event_pb2.CaptureFinished(status=to_status(error))
    if summary is None:
        return message
    message.requested_count = _int64(summary.requested_count or 0)
    message.captured_count = summary.captured_count
    for lack in summary.shortfalls:
        message.shortfalls.add(reason=LACKS[lack.reason], count=_int64(lack.count))
    message.explanation = summary.explanation
    message.damage.CopyFrom(_damage(summary.damage))
    message.read_bytes = summary.read_bytes
    message.decoded_count = summary.decoded_count
    message.seek_repair_count = summary.seek_repairs
    for stage, taken in summary.stage_times.items():
        message.stage_times[stage].CopyFrom(duration(taken))
    if summary.end is not None:
        message.end_time.CopyFrom(duration(summary.end))
    return message


def usage(work: Usage, image_count: int) -> event_pb2.CaptureUsage:
    """Returns the usage of a capture, as `finished`, tasks and usage records have it."""
    return event_pb2.CaptureUsage(
        image_count=image_count,
        decoded_count=_int64(work.decoded_count),
        cpu_time=duration(work.cpu),
        read_bytes=_int64(work.read_bytes),
        written_bytes=_int64(work.written_bytes),
        request_count=_int64(work.request_count),
    )


def rational(value: Fraction) -> event_pb2.Rational:
    """Returns the fraction, or the nearest one whose numerator and denominator fit 64 bits."""
    if abs(value.numerator) > MAX_INT64 or value.denominator > MAX_INT64:
        if abs(value) >= MAX_INT64:
            value = Fraction(MAX_INT64 if value > 0 else -MAX_INT64)
        else:
            # With |value| < n and denominator <= MAX / n, the numerator is at most MAX too.
            value = value.limit_denominator(max(1, MAX_INT64 // (abs(value) // 1 + 1)))
    return event_pb2.Rational(numerator=value.numerator, denominator=value.denominator)


def duration(instant: Nanoseconds) -> Duration:
    """Returns a duration; its seconds and nanoseconds have the same sign."""
    instant = max(-MAX_DURATION, min(instant, MAX_DURATION))
    seconds, nanos = divmod(abs(instant), NANOSECONDS_PER_SECOND)
    sign = -1 if instant < 0 else 1
    return Duration(seconds=sign * seconds, nanos=sign * nanos)


def _stream(stream: StreamStart) -> event_pb2.StreamStart:
    return event_pb2.StreamStart(
        stream_index=stream.index, kind=stream.kind, start=rational(stream.start)
    )


def _damage(damage: Damage) -> event_pb2.DamageReport:
    return event_pb2.DamageReport(
        damaged_count=damage.damaged,
        undecodable_count=damage.undecodable,
        repaired_time_count=damage.repaired_times,
        read_error_count=damage.read_errors,
    )


def _int32(value: int) -> int:
    return max(-MAX_INT32, min(value, MAX_INT32))


def _int64(value: int) -> int:
    return max(-MAX_INT64, min(value, MAX_INT64))


def _text(value: str) -> str:
    """Returns `value` with escapes for bytes that are not UTF-8, which a file's name may have."""
    return value.encode(errors="backslashreplace").decode()
