"""What the structured form means, and how a request is written in it."""

import pytest
from google.protobuf.json_format import ParseDict
from hypothesis import given, settings

from framecap.errors import DeliveryConflict, OptionMissing, ValueOutOfRange
from framecap.model.capture import Notice
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
    ObjectTarget,
    ScaleType,
    SeekPolicy,
)
from framecap.spec.structured import from_proto, to_proto, with_delivery
from framecap.spec.text import parse
from framecap.v1 import capture_pb2 as pb
from unit.spec.strategies import specs

SECOND = 1_000_000_000
JPG = ImageFormat.JPG


def read(delivery=None, **fields):
    """The request that fields in protobuf's JSON say."""
    fields.setdefault("format", "IMAGE_FORMAT_JPG")
    to = None if delivery is None else ParseDict(delivery, pb.Delivery())
    return from_proto(ParseDict(fields, pb.CaptureSpec()), to)


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


def test_every_field():
    parsed = read(
        delivery={"object": {"bucket": "b", "keyTemplate": "{index}"}, "notifyTopic": "t"},
        interval={"spacing": "1s"},
        range={"startOffset": "2s", "endOffset": "2.000000001s"},
        box={"widthPx": 32, "heightPercent": 200},
        scaleType="SCALE_TYPE_FIT",
        jpegQuality=1,
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
        jpeg_quality=1,
        seek_policy=SeekPolicy.NEAREST_KEYFRAME_BEFORE,
        damage_policy=DamagePolicy.STRICT,
        target=ObjectTarget(bucket="b", key_template="{index}"),
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
    assert message.jpeg_quality == 90
    assert message.seek_policy == pb.SEEK_POLICY_EXACT
    assert message.damage_policy == pb.DAMAGE_POLICY_BEST_EFFORT
    assert delivery == pb.Delivery(inline=pb.InlineDelivery())


def idle(field, value, why):
    return Notice(
        reason="OPTION_WITHOUT_EFFECT",
        message=f"{field}: {value} has no effect {why}",
        metadata={"option": field, "value": value},
    )


@pytest.mark.parametrize(
    ("fields", "notice"),
    [
        (
            {"format": "IMAGE_FORMAT_PNG", "jpegQuality": 80},
            idle("spec.jpeg_quality", "80", "on PNG"),
        ),
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
def test_an_option_without_effect_is_dropped_and_reported(fields, notice):
    parsed = read(keyframe={}, **fields)
    assert parsed.warnings == (notice,)
    assert from_proto(*to_proto(parsed.spec)) == type(parsed)(spec=parsed.spec, warnings=())


def test_the_seek_policy_has_no_effect_where_every_frame_is_taken():
    policy = "SEEK_POLICY_NEAREST_KEYFRAME_BEFORE"
    for selection in ({"interval": {"maxCount": 3}}, {"change": {}}):
        parsed = read(seekPolicy=policy, **selection)
        assert parsed.spec.seek_policy is SeekPolicy.EXACT
        assert [notice.reason for notice in parsed.warnings] == ["OPTION_WITHOUT_EFFECT"]


@pytest.mark.parametrize("fields", [{}, {"interval": {}}])
def test_a_spacing_left_out_where_every_frame_is_captured_is_reported(fields):
    assert read(**fields).warnings == (
        Notice(
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
    assert both.spec.target == ObjectTarget(bucket=None, key_template="k")
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


LONG = "a" * 2049
SCALES = "SCALE_TYPE_STRETCH, SCALE_TYPE_CROP, SCALE_TYPE_FILL, SCALE_TYPE_FIT"
TIME = "0s..2147483.647s"
COUNT = "0..2147483647"

REFUSED = [
    ({"box": {"widthPx": 31}}, "spec.box.width_px", "31 is not in 32..4096"),
    ({"box": {"heightPx": 4097}}, "spec.box.height_px", "4097 is not in 32..4096"),
    ({"box": {"widthPercent": 201}}, "spec.box.width_percent", "201 is not in 1..200"),
    ({"box": {"heightPercent": -1}}, "spec.box.height_percent", "-1 is not in 1..200"),
    (
        {"box": {"widthPx": 50, "widthPercent": 999}},
        "spec.box.width_percent",
        "999 is not in 1..200",
    ),
    ({"jpegQuality": 101}, "spec.jpeg_quality", "101 is not in 1..100"),
    ({"jpegQuality": -1}, "spec.jpeg_quality", "-1 is not in 1..100"),
    ({"interval": {"maxCount": -1}}, "spec.interval.max_count", f"-1 is not in {COUNT}"),
    ({"keyframe": {"maxCount": -1}}, "spec.keyframe.max_count", f"-1 is not in {COUNT}"),
    ({"change": {"maxCount": -1}}, "spec.change.max_count", f"-1 is not in {COUNT}"),
    ({"average": {}}, "spec.average.count", "0 is not in 1..2147483647"),
    ({"average": {"count": -3}}, "spec.average.count", "-3 is not in 1..2147483647"),
    (
        {"change": {"thresholdPercent": 101}},
        "spec.change.threshold_percent",
        "101 is not in 0..100",
    ),
    ({"interval": {"spacing": "-0.5s"}}, "spec.interval.spacing", f"-0.5s is not in {TIME}"),
    (
        {"change": {"spacing": "2147483.647000001s"}},
        "spec.change.spacing",
        f"2147483.647000001s is not in {TIME}",
    ),
    (
        {"range": {"startOffset": "-1s"}},
        "spec.range.start_offset",
        f"-1s is not in {TIME}",
    ),
    (
        {"range": {"endOffset": "315576000000s"}},
        "spec.range.end_offset",
        f"315576000000s is not in {TIME}",
    ),
    ({"range": {"endOffset": "0s"}}, "spec.range.end_offset", "0s is not after 0s, its start"),
    (
        {"range": {"startOffset": "2.5s", "endOffset": "2.5s"}},
        "spec.range.end_offset",
        "2.5s is not after 2.5s, its start",
    ),
    (
        {"instants": {"offsets": ["1s", "-1s"]}},
        "spec.instants.offsets[1]",
        f"-1s is not in {TIME}",
    ),
    (
        {"instants": {"offsets": ["1s"] * 10_001}},
        "spec.instants.offsets",
        "10001 instants are not 1..10000 instants",
    ),
    ({"scaleType": 9}, "spec.scale_type", f"9 is not one of {SCALES}"),
    ({"format": 3}, "spec.format", "3 is not one of IMAGE_FORMAT_JPG, IMAGE_FORMAT_PNG"),
    (
        {"seekPolicy": -1},
        "spec.seek_policy",
        "-1 is not one of SEEK_POLICY_EXACT, SEEK_POLICY_NEAREST_KEYFRAME_BEFORE",
    ),
    (
        {"damagePolicy": 7},
        "spec.damage_policy",
        "7 is not one of DAMAGE_POLICY_BEST_EFFORT, DAMAGE_POLICY_STRICT",
    ),
    (
        {"change": {"reference": 3}},
        "spec.change.reference",
        "3 is not one of CHANGE_REFERENCE_PREVIOUS_SAMPLE, CHANGE_REFERENCE_LAST_CAPTURED",
    ),
    (
        {"delivery": {"object": {"keyTemplate": "a\tb"}}},
        "delivery.object.key_template",
        "a\\tb holds a control character, U+0009",
    ),
    (
        {"delivery": {"object": {"keyTemplate": LONG}}},
        "delivery.object.key_template",
        f"{'a' * 64}… holds more than 2048 bytes",
    ),
    (
        {"delivery": {"object": {"keyTemplate": "a", "bucket": "\x7f"}}},
        "delivery.object.bucket",
        "\\x7f holds a control character, U+007F",
    ),
    (
        {"delivery": {"notifyTopic": "a\nb"}},
        "delivery.notify_topic",
        "a\\nb holds a control character, U+000A",
    ),
]


@pytest.mark.parametrize(("fields", "field", "sentence"), REFUSED)
def test_refused(fields, field, sentence):
    with pytest.raises(ValueOutOfRange) as caught:
        read(**fields)
    error = caught.value
    assert error.message == f"{field}: {sentence}"
    assert (error.reason, error.field, error.column) == ("VALUE_OUT_OF_RANGE", field, None)
    assert error.metadata["option"] == field
    assert sentence.startswith(error.metadata["value"])
    assert error.metadata["allowed"]


@pytest.mark.parametrize(
    ("seconds", "nanos", "field", "sentence"),
    [
        (0, SECOND, "spec.interval.spacing.nanos", f"{SECOND} is not in 0..999999999"),
        (0, -SECOND, "spec.interval.spacing.nanos", f"-{SECOND} is not in 0..999999999"),
        (1, -1, "spec.interval.spacing", "1 s and -1 ns differ in sign"),
        (-1, 1, "spec.interval.spacing", "-1 s and 1 ns differ in sign"),
        (0, -1, "spec.interval.spacing", f"-0.000000001s is not in {TIME}"),
        (2**63 - 1, 0, "spec.interval.spacing", f"{2**63 - 1}s is not in {TIME}"),
    ],
)
def test_malformed_durations_are_refused(seconds, nanos, field, sentence):
    message = pb.CaptureSpec(format=pb.IMAGE_FORMAT_JPG)
    message.interval.spacing.seconds = seconds
    message.interval.spacing.nanos = nanos
    with pytest.raises(ValueOutOfRange) as caught:
        from_proto(message, None)
    assert caught.value.message == f"{field}: {sentence}"


@pytest.mark.parametrize(
    ("fields", "field", "allowed"),
    [
        ({"format": 0}, "spec.format", "IMAGE_FORMAT_JPG, IMAGE_FORMAT_PNG"),
        ({"instants": {}}, "spec.instants.offsets", "1..10000 instants"),
        ({"delivery": {"object": {}}}, "delivery.object.key_template", "a template of keys"),
    ],
)
def test_what_is_required(fields, field, allowed):
    with pytest.raises(OptionMissing) as caught:
        read(**fields)
    error = caught.value
    assert error.message == f"{field}: is required; allowed: {allowed}"
    assert (error.reason, error.field) == ("OPTION_MISSING", field)
    assert error.metadata == {"option": field, "allowed": allowed}
