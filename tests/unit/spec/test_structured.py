"""What the structured form means, and how a request is written in it."""

import pytest
from hypothesis import given, settings

from framecap.errors import DeliveryConflict
from framecap.formats.registry import FORMATS
from framecap.model.capture import CaptureWarning
from framecap.model.spec import (
    AverageSelection,
    Box,
    CaptureSpec,
    ChangeReference,
    ChangeSelection,
    DamagePolicy,
    ImageFormat,
    InstantSelection,
    IntervalSelection,
    KeyframeSelection,
    ObjectDestination,
    ScaleType,
    SeekPolicy,
    ShrinkFilter,
)
from framecap.spec.structured import from_proto, to_proto, with_delivery
from framecap.spec.text import parse
from framecap.v1 import capture_pb2 as pb
from support.spec.messages import read
from support.spec.strategies import specs

SECOND = 1_000_000_000
JPG = ImageFormat.JPG


@pytest.mark.parametrize(
    ("fields", "selection"),
    [
        ({}, IntervalSelection()),
        ({"interval": {}}, IntervalSelection()),
        (
            {"interval": {"spacing": "1.5s", "maxCount": 4}},
            IntervalSelection(spacing=SECOND * 3 // 2, max_count=4),
        ),
        ({"keyframe": {}}, KeyframeSelection()),
        ({"keyframe": {"maxCount": 9}}, KeyframeSelection(max_count=9)),
        ({"average": {"count": 1}}, AverageSelection(count=1)),
        ({"change": {}}, ChangeSelection()),
        (
            {
                "change": {
                    "spacing": "0.000000001s",
                    "thresholdPercent": 100,
                    "maxCount": 2,
                    "reference": "CHANGE_REFERENCE_LAST_CAPTURED",
                }
            },
            ChangeSelection(
                spacing=1, threshold=100, max_count=2, reference=ChangeReference.LAST_CAPTURED
            ),
        ),
        (
            {"instants": {"offsets": ["3s", "1s", "3s", "0s"]}},
            InstantSelection(instants=(0, SECOND, 3 * SECOND)),
        ),
    ],
)
def test_selections(fields, selection):
    assert read(**fields).spec == CaptureSpec(selection=selection, format=JPG)


@pytest.mark.parametrize("row", FORMATS.values(), ids=lambda row: row.encoding)
def test_the_format_follows_from_the_encoding(row):
    assert read(**{row.encoding: {}}).spec.format is row.format


def test_every_field():
    parsed = read(
        delivery={"object": {"bucket": "b", "keyTemplate": "{index}"}, "notifyTopic": "t"},
        interval={"spacing": "1s"},
        range={"startOffset": "2s", "endOffset": "2.000000001s"},
        box={"widthPx": 32, "heightPercent": 200},
        scaleType="SCALE_TYPE_FIT",
        shrinkFilter="SHRINK_FILTER_AREA",
        jpeg={"quality": 1},
        seekPolicy="SEEK_POLICY_NEAREST_KEYFRAME_BEFORE",
        damagePolicy="DAMAGE_POLICY_STRICT",
    )
    assert parsed.warnings == ()
    assert parsed.spec == CaptureSpec(
        selection=IntervalSelection(spacing=SECOND),
        format=JPG,
        start=2 * SECOND,
        end=2 * SECOND + 1,
        box=Box(width=32, height_percent=200),
        scale_type=ScaleType.FIT,
        shrink_filter=ShrinkFilter.AREA,
        quality=1,
        seek_policy=SeekPolicy.NEAREST_KEYFRAME_BEFORE,
        damage_policy=DamagePolicy.STRICT,
        destination=ObjectDestination(bucket="b", key_template="{index}"),
        notify_topic="t",
    )


@given(specs())
@settings(max_examples=80)
def test_what_is_written_is_read_back(spec):
    parsed = from_proto(*to_proto(spec))
    assert parsed.spec == spec
    assert parsed.warnings == ()


def test_defaults_are_filled_in():
    message, delivery = to_proto(CaptureSpec(selection=IntervalSelection(), format=JPG))
    assert message.WhichOneof("selection") == "interval"
    assert message.interval.HasField("spacing")
    assert message.range.HasField("start_offset")
    assert not message.range.HasField("end_offset")
    assert (message.box.width_percent, message.box.height_percent) == (100, 100)
    assert message.scale_type == pb.SCALE_TYPE_STRETCH
    assert message.shrink_filter == pb.SHRINK_FILTER_BICUBIC
    assert message.WhichOneof("encoding") == "jpeg"
    assert message.jpeg.quality == 90
    assert message.seek_policy == pb.SEEK_POLICY_EXACT
    assert message.damage_policy == pb.DAMAGE_POLICY_BEST_EFFORT
    assert delivery == pb.Delivery(inline=pb.InlineDelivery())


def idle(field, value, why):
    return CaptureWarning(
        reason="OPTION_WITHOUT_EFFECT",
        message=f"{field}: {value} has no effect {why}",
        metadata={"option": field, "value": value},
    )


@pytest.mark.parametrize(
    ("fields", "warning"),
    [
        (
            {"box": {"widthPx": 100, "widthPercent": 50}},
            idle("spec.box.width_percent", "50", "beside width_px"),
        ),
        (
            {"box": {"heightPx": 100, "heightPercent": 50}},
            idle("spec.box.height_percent", "50", "beside height_px"),
        ),
        (
            {"scaleType": "SCALE_TYPE_FILL"},
            idle("spec.scale_type", "SCALE_TYPE_FILL", "without a box"),
        ),
        (
            {"seekPolicy": "SEEK_POLICY_NEAREST_KEYFRAME_BEFORE"},
            idle(
                "spec.seek_policy",
                "SEEK_POLICY_NEAREST_KEYFRAME_BEFORE",
                "where no instants are named",
            ),
        ),
    ],
)
def test_an_option_without_effect_is_dropped_and_reported(fields, warning):
    parsed = read(keyframe={}, **fields)
    assert parsed.warnings == (warning,)
    assert from_proto(*to_proto(parsed.spec)) == type(parsed)(spec=parsed.spec, warnings=())


def test_the_seek_policy_has_no_effect_where_every_frame_is_taken():
    policy = "SEEK_POLICY_NEAREST_KEYFRAME_BEFORE"
    for selection in ({"interval": {"maxCount": 3}}, {"change": {}}):
        parsed = read(seekPolicy=policy, **selection)
        assert parsed.spec.seek_policy is SeekPolicy.EXACT
        assert [warning.reason for warning in parsed.warnings] == ["OPTION_WITHOUT_EFFECT"]


@pytest.mark.parametrize("fields", [{}, {"interval": {}}])
def test_a_spacing_left_out_where_every_frame_is_captured_is_reported(fields):
    assert read(**fields).warnings == (
        CaptureWarning(
            reason="EVERY_FRAME",
            message="spec.interval.spacing: is left out, so every frame is captured",
            metadata={"option": "spec.interval.spacing"},
        ),
    )


def test_every_frame_is_not_reported_where_it_was_asked_for_or_is_not_so():
    assert read(interval={"spacing": "0s"}).warnings == ()
    assert read(interval={"maxCount": 1}).warnings == ()
    assert read(change={}).warnings == ()


def test_a_text_takes_the_delivery_beside_it():
    parsed = parse("video/snapshots,f_jpg,inter_5,thr_3")
    delivery = pb.Delivery(object=pb.ObjectDelivery(key_template="k"), notify_topic="t")
    both = with_delivery(parsed, delivery)
    assert both.spec.destination == ObjectDestination(bucket=None, key_template="k")
    assert both.spec.notify_topic == "t"
    assert both.warnings == parsed.warnings


@pytest.mark.parametrize("delivery", [None, pb.Delivery(), pb.Delivery(inline=pb.InlineDelivery())])
def test_a_delivery_that_says_nothing_new_changes_nothing(delivery):
    parsed = parse("video/snapshots,f_jpg,inter_5")
    assert with_delivery(parsed, delivery) == parsed


def test_an_empty_delivery_does_not_contradict_the_text():
    parsed = parse("video/snapshots,f_jpg,inter_5|sys/saveas,o_YQ/notify,topic_YQ")
    assert with_delivery(parsed, pb.Delivery()) == parsed


@pytest.mark.parametrize(
    ("text", "delivery", "action"),
    [
        ("sys/saveas,o_YQ", pb.Delivery(inline=pb.InlineDelivery()), "sys/saveas"),
        ("sys/saveas,o_YQ", pb.Delivery(notify_topic="t"), "sys/saveas"),
        ("notify,topic_YQ", pb.Delivery(notify_topic="t"), "notify"),
        (
            "notify,topic_YQ",
            pb.Delivery(object=pb.ObjectDelivery(key_template="k")),
            "notify",
        ),
    ],
)
def test_a_delivery_beside_a_text_that_says_it_too_is_refused(text, delivery, action):
    parsed = parse(f"video/snapshots,f_jpg|{text}")
    with pytest.raises(DeliveryConflict) as caught:
        with_delivery(parsed, delivery)
    error = caught.value
    assert error.message == f"delivery: the text has {action} already; leave out one of them"
    assert (error.reason, error.field) == ("DELIVERY_CONFLICT", "delivery")
    assert (error.column, error.metadata) == (None, {"option": action})
