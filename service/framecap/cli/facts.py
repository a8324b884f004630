"""The content of a video and the decode plan of a capture, as tables for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Final, TypeAlias

from google.protobuf import json_format
from google.protobuf.message import Message

from framecap.cli.progress import counted
from framecap.formats.registry import encoded_by
from framecap.timebase import format_time
from framecap.v1 import capture_pb2, event_pb2

Row: TypeAlias = tuple[str, str]
"""A label and its value."""

STRATEGIES: Final[Mapping[int, str]] = {
    event_pb2.CAPTURE_STRATEGY_SEQUENTIAL: "every frame, in order",
    event_pb2.CAPTURE_STRATEGY_SLICED: "groups of pictures side by side, in one reading",
    event_pb2.CAPTURE_STRATEGY_KEYFRAMES: "keyframes only",
    event_pb2.CAPTURE_STRATEGY_SEEK: "a seek to each instant",
    event_pb2.CAPTURE_STRATEGY_TWO_PASSES: "one pass to compare, a second for the chosen frames",
    event_pb2.CAPTURE_STRATEGY_COVER: "the embedded cover, no video",
}


def accepted_rows(accepted: event_pb2.CaptureAccepted) -> Iterator[Row]:
    """Yields the request as framecap understood it."""
    yield "source", accepted.source
    yield "request", accepted.text
    for warning in accepted.warnings:
        yield "warning", warning.message


def media_rows(media: event_pb2.MediaProbed) -> Iterator[Row]:
    """Yields the content of a video."""
    yield "container", media.container
    kind = "cover" if media.cover else "video"
    yield kind, f"{media.codec}, {media.pixel_format}, stream {media.stream_index}"
    yield "size", _size(media)
    if media.dolby_vision_profile:
        yield "Dolby Vision", f"profile {media.dolby_vision_profile}"
    if media.HasField("frame_rate"):
        rate = Fraction(media.frame_rate.numerator, media.frame_rate.denominator)
        yield "frame rate", f"{float(rate):.5g} per second"
    if media.HasField("duration"):
        yield "duration", f"{format_time(media.duration.ToNanoseconds())} by the header"
    if media.frame_count:
        yield "frames", f"{media.frame_count} by the header"
    if media.zero.numerator:
        yield "time 0", f"{_decimal(media.zero)} s on the container's clock"
    starts = [
        f"{stream.kind} {stream.stream_index}: {_decimal(stream.start)} s"
        for stream in media.streams
        if stream.start.numerator
    ]
    if starts:
        yield "starts", ", ".join(starts)


def plan_rows(
    plan: event_pb2.CapturePlanned,
    spec: capture_pb2.CaptureSpec,
    media: event_pb2.MediaProbed,
) -> Iterator[Row]:
    """Yields the decode plan of a capture."""
    row = encoded_by(spec.WhichOneof("encoding"))
    name = row.format.value.upper() if row else ""
    for output in plan.outputs:
        if output.expected_count or output.exact:
            about = "" if output.exact else "about "
            expected = about + counted(output.expected_count)
        else:
            expected = "images, how many is not known before decoding"
        yield "result", f"{expected}, {output.width}x{output.height} {name}"
    yield "decoding", STRATEGIES.get(plan.strategy, "not known")
    cost = []
    if plan.decode_count:
        total = f" of {media.frame_count}" if media.frame_count else ""
        cost.append(f"at most about {plan.decode_count}{total} frames to decode")
    if plan.read_bytes:
        cost.append(f"about {size_words(plan.read_bytes)} to read")
    if cost:
        yield "cost", ", ".join(cost)
    if plan.explanation:
        yield "why", plan.explanation


def table(rows: Iterator[Row]) -> str:
    """Returns rows as aligned lines; rows without a value are left out."""
    return "\n".join(f"{label:<11} {value}" for label, value in rows if value)


def to_json(message: Message) -> str:
    """Returns a message as JSON for people and programs, default values included."""
    return json_format.MessageToJson(message, always_print_fields_with_no_presence=True)


def size_words(size: int) -> str:
    """Returns a number of bytes as people write it."""
    if size < 1000:
        return f"{size} bytes"
    for unit in ("kB", "MB"):
        size_in_unit = size / 1000
        if size_in_unit < 1000:
            return f"{size_in_unit:.3g} {unit}"
        size //= 1000
    return f"{size / 1000:.3g} GB"


def _size(media: event_pb2.MediaProbed) -> str:
    words = f"{media.width}x{media.height}"
    if (media.coded_width, media.coded_height) != (media.width, media.height):
        words += f", stored as {media.coded_width}x{media.coded_height}"
    if media.mirrored:
        words += ", mirrored"
    if media.rotation_degrees:
        words += f", turned by {media.rotation_degrees} degrees"
    ratio = media.sample_aspect_ratio
    if ratio.numerator != ratio.denominator:
        words += f", pixels {ratio.numerator}:{ratio.denominator}"
    return words


def _decimal(value: event_pb2.Rational) -> str:
    return f"{value.numerator / value.denominator:.6f}".rstrip("0").rstrip(".")
