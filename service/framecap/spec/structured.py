"""The structured form of a request: conversion from and to protobuf."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from framecap.errors import DeliveryConflict
from framecap.model.capture import CaptureWarning
from framecap.model.spec import (
    MAX_PERCENT,
    MAX_SIDE,
    MIN_SIDE,
    Box,
    CaptureSpec,
    ObjectDestination,
    ScaleType,
    SeekPolicy,
    Selection,
)
from framecap.modes.registry import DEFAULT, EVERYTHING, mode_for, mode_of
from framecap.spec import encoding
from framecap.spec.request import EVERY_FRAME, WITHOUT_EFFECT, ParsedRequest
from framecap.timebase import Nanoseconds
from framecap.v1 import capture_pb2 as pb
from framecap.values import checks
from framecap.values.enums import (
    DAMAGE_POLICIES,
    SCALE_TYPES,
    SEEK_POLICIES,
    SHRINK_FILTERS,
)

_SPACING: Final = f"spec.{DEFAULT.case}.spacing"


def from_proto(message: pb.CaptureSpec, delivery: pb.Delivery | None) -> ParsedRequest:
    """Returns the request that the messages describe.

    Raises:
        OptionMissing: A required field is not set.
        ValueOutOfRange: A value is not one of those allowed.
    """
    start = checks.offset("spec.range.start_offset", message.range.start_offset)
    format, quality = encoding.from_proto(message)
    spec = CaptureSpec(
        selection=_selection(message),
        format=format,
        quality=quality,
        start=start,
        end=_end(message.range, start),
        box=_box(message.box),
        scale_type=SCALE_TYPES.read("spec.scale_type", message.scale_type),
        shrink_filter=SHRINK_FILTERS.read("spec.shrink_filter", message.shrink_filter),
        seek_policy=SEEK_POLICIES.read("spec.seek_policy", message.seek_policy),
        damage_policy=DAMAGE_POLICIES.read("spec.damage_policy", message.damage_policy),
    )
    spec, idle = _settled(spec)
    warnings = (*_idle_percents(message.box), *idle, *_every_frame(spec, message))
    return with_delivery(ParsedRequest(spec=spec, warnings=warnings), delivery)


def with_delivery(parsed: ParsedRequest, delivery: pb.Delivery | None) -> ParsedRequest:
    """Returns `parsed` with the request's delivery.

    A delivery with no field set changes nothing.

    Raises:
        DeliveryConflict: Both the request's text and `delivery` set the destination of the images
            or the topic to notify.
        OptionMissing: The key template is empty.
        ValueOutOfRange: A text is too long or has control characters.
    """
    if delivery is None or not delivery.ByteSize():
        return parsed
    in_text = {"sys/saveas": parsed.spec.destination, "notify": parsed.spec.notify_topic}
    for action, value in in_text.items():
        if value is not None:
            raise DeliveryConflict(
                f"delivery: the text has {action} already; leave out one of them",
                field="delivery",
                metadata={"option": action},
            )
    topic = checks.plain("delivery.notify_topic", delivery.notify_topic)
    spec = replace(parsed.spec, destination=_destination(delivery), notify_topic=topic or None)
    return replace(parsed, spec=spec)


def to_proto(spec: CaptureSpec, *, defaults: bool = True) -> tuple[pb.CaptureSpec, pb.Delivery]:
    """Returns the messages that describe `spec`, without options that have no effect.

    Args:
        spec: The request.
        defaults: True to fill in defaults; False to leave them unset.
    """
    message = pb.CaptureSpec(
        range=pb.TimeRange(
            start_offset=checks.duration(spec.start),
            end_offset=None if spec.end is None else checks.duration(spec.end),
        ),
        box=_box_to_proto(spec.box, defaults=defaults),
        scale_type=SCALE_TYPES.written(spec.scale_type, defaults=defaults),
        shrink_filter=SHRINK_FILTERS.written(spec.shrink_filter, defaults=defaults),
        seek_policy=SEEK_POLICIES.written(spec.seek_policy, defaults=defaults),
        damage_policy=DAMAGE_POLICIES.written(spec.damage_policy, defaults=defaults),
    )
    encoding.to_proto(spec, message, defaults=defaults)
    mode_of(spec.selection).write_proto(spec.selection, message, defaults=defaults)
    delivery = pb.Delivery(notify_topic=spec.notify_topic)
    if spec.destination is None:
        delivery.inline.SetInParent()
    else:
        delivery.object.key_template = spec.destination.key_template
        delivery.object.bucket = spec.destination.bucket or ""
        delivery.object.manifest_key_template = spec.destination.manifest_template or ""
    return message, delivery


def _selection(message: pb.CaptureSpec) -> Selection:
    mode = mode_for(message.WhichOneof("selection"))
    selection: Selection = mode.read_proto(getattr(message, mode.case))
    return selection


def _end(bounds: pb.TimeRange, start: Nanoseconds) -> Nanoseconds | None:
    if not bounds.HasField("end_offset"):
        return None
    field = "spec.range.end_offset"
    end = checks.offset(field, bounds.end_offset)
    if end <= start:
        allowed = f"after {checks.seconds(start)}"
        raise checks.refused(field, checks.seconds(end), f"is not {allowed}, its start", allowed)
    return end


def _box(box: pb.ImageBox) -> Box:
    width = checks.number_or(0, "spec.box.width_px", box.width_px, MIN_SIDE, MAX_SIDE)
    height = checks.number_or(0, "spec.box.height_px", box.height_px, MIN_SIDE, MAX_SIDE)
    wide = checks.number_or(100, "spec.box.width_percent", box.width_percent, 1, MAX_PERCENT)
    high = checks.number_or(100, "spec.box.height_percent", box.height_percent, 1, MAX_PERCENT)
    return Box(
        width=width or None,
        height=height or None,
        width_percent=100 if width else wide,
        height_percent=100 if height else high,
    )


def _destination(delivery: pb.Delivery) -> ObjectDestination | None:
    if delivery.WhichOneof("destination") != "object":
        return None
    wanted = delivery.object
    return ObjectDestination(
        bucket=checks.plain("delivery.object.bucket", wanted.bucket) or None,
        key_template=checks.required(
            "delivery.object.key_template", wanted.key_template, "a template of keys"
        ),
        manifest_template=checks.plain(
            "delivery.object.manifest_key_template", wanted.manifest_key_template
        )
        or None,
    )


def _settled(spec: CaptureSpec) -> tuple[CaptureSpec, list[CaptureWarning]]:
    """Returns `spec` without the options that have no effect, and a warning for each."""
    warnings = []
    if spec.scale_type is not ScaleType.STRETCH and not spec.box.given:
        name = pb.ScaleType.Name(SCALE_TYPES.number(spec.scale_type))
        warnings.append(_idle("spec.scale_type", name, "without a box"))
        spec = replace(spec, scale_type=ScaleType.STRETCH)
    if spec.seek_policy is not SeekPolicy.EXACT and not mode_of(spec.selection).names_instants(
        spec.selection
    ):
        name = pb.SeekPolicy.Name(SEEK_POLICIES.number(spec.seek_policy))
        warnings.append(_idle("spec.seek_policy", name, "where no instants are named"))
        spec = replace(spec, seek_policy=SeekPolicy.EXACT)
    return spec, warnings


def _idle_percents(box: pb.ImageBox) -> Iterator[CaptureWarning]:
    if box.width_px and box.width_percent not in (0, 100):
        yield _idle("spec.box.width_percent", str(box.width_percent), "beside width_px")
    if box.height_px and box.height_percent not in (0, 100):
        yield _idle("spec.box.height_percent", str(box.height_percent), "beside height_px")


def _idle(field: str, value: str, why: str) -> CaptureWarning:
    return CaptureWarning(
        reason=WITHOUT_EFFECT,
        message=f"{field}: {value} has no effect {why}",
        metadata={"option": field, "value": value},
    )


def _every_frame(spec: CaptureSpec, message: pb.CaptureSpec) -> Iterator[CaptureWarning]:
    if spec.selection == EVERYTHING and not getattr(message, DEFAULT.case).HasField("spacing"):
        yield CaptureWarning(
            reason=EVERY_FRAME,
            message=f"{_SPACING}: is left out, so every frame is captured",
            metadata={"option": _SPACING},
        )


def _box_to_proto(box: Box, *, defaults: bool) -> pb.ImageBox:
    message = pb.ImageBox(width_px=box.width, height_px=box.height)
    if box.width is None and (defaults or box.width_percent != 100):
        message.width_percent = box.width_percent
    if box.height is None and (defaults or box.height_percent != 100):
        message.height_percent = box.height_percent
    return message
