"""Every way a structured request can be wrong: the error, its field and its whole sentence."""

import pytest

from framecap.errors import Code, OptionMissing, OutputUnsupported, ValueOutOfRange
from framecap.spec.structured import from_proto
from framecap.v1 import capture_pb2 as pb
from support.spec.messages import read

SECOND = 1_000_000_000
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
    ({"jpeg": {"quality": 101}}, "spec.jpeg.quality", "101 is not in 1..100"),
    ({"jpeg": {"quality": -1}}, "spec.jpeg.quality", "-1 is not in 1..100"),
    (
        {"plugin": {"name": "x", "options": {str(k): "" for k in range(65)}}},
        "spec.plugin.options",
        "65 options are not at most 64 options",
    ),
    (
        {"plugin": {"name": "x", "options": {"a\nb": ""}}},
        "spec.plugin.options",
        "a\\nb is not 1..64 letters, digits, _ and -, a letter first",
    ),
    (
        {"plugin": {"name": "x", "options": {"a": "b\n"}}},
        "spec.plugin.options.a",
        "b\\n holds a control character, U+000A",
    ),
    ({"plugin": {"name": "x", "maxCount": -1}}, "spec.plugin.max_count", f"-1 is not in {COUNT}"),
    ({"plugin": {"name": "x", "spacing": "-1s"}}, "spec.plugin.spacing", f"-1s is not in {TIME}"),
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
    (
        {"shrinkFilter": 9},
        "spec.shrink_filter",
        "9 is not one of SHRINK_FILTER_AREA, SHRINK_FILTER_BICUBIC",
    ),
    ({"scaleType": 9}, "spec.scale_type", f"9 is not one of {SCALES}"),
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
        {"delivery": {"object": {"keyTemplate": "a", "manifestKeyTemplate": "m\tn"}}},
        "delivery.object.manifest_key_template",
        "m\\tn holds a control character, U+0009",
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
    assert error.code is Code.INVALID_ARGUMENT
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
    message = pb.CaptureSpec(jpeg={})
    message.interval.spacing.seconds = seconds
    message.interval.spacing.nanos = nanos
    with pytest.raises(ValueOutOfRange) as caught:
        from_proto(message, None)
    assert caught.value.message == f"{field}: {sentence}"


@pytest.mark.parametrize(
    ("fields", "field", "allowed"),
    [
        ({"plugin": {}}, "spec.plugin.name", "the name of an installed selection"),
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


def test_an_encoding_is_required():
    with pytest.raises(OptionMissing) as caught:
        from_proto(pb.CaptureSpec(), None)
    assert caught.value.message == "spec.encoding: is required; allowed: jpeg, png"
    assert caught.value.metadata == {"option": "spec.encoding", "allowed": "jpeg, png"}


@pytest.mark.parametrize("case", ["webp", "avif"])
def test_an_encoding_that_is_not_there_yet_is_refused_by_name(case):
    with pytest.raises(OutputUnsupported) as caught:
        read(**{case: {}})
    error = caught.value
    assert error.message == f"spec.encoding: {case} is not there yet; there are jpeg, png"
    assert (error.reason, error.field) == ("OUTPUT_UNSUPPORTED", "spec.encoding")
    assert error.metadata == {"value": case, "allowed": "jpeg, png"}
