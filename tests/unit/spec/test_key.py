"""The key is the identity of a request: of its meaning, and of nothing else."""

import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings

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
from framecap.spec.format import format_text
from framecap.spec.key import key
from framecap.spec.structured import from_proto, to_proto
from framecap.spec.text import parse
from unit.spec.strategies import sayable, specs

GOLDEN = [
    (
        "video/snapshots,f_jpg",
        "4f03193aa7ab7f1f2bcc60473ec65afae181c396dcb5060a93f66b947a214e38",
    ),
    (
        "video/snapshots,f_png,m_avg,num_3,ss_1500,pw_50",
        "622b080a28168cc32351e620ddc5859193de0ee4b413ee446fd3a666dd90d9be",
    ),
    (
        "video/snapshots,f_jpg,w_100,h_100,scaletype_crop,inter_10000"
        "|sys/saveas,b_ZXhhbXBsZWJ1Y2tldAo,o_dGVzdF97aW5kZXh9LmpwZwo/notify,topic_WFhY",
        "1fb21bb8470607c1a6571af01061d05daa935ad0ad198aa2a265052dfc50f7af",
    ),
]
FULL = CaptureSpec(
    selection=ChangeSelection(
        spacing=1, threshold=2, max_count=3, reference=ChangeReference.LAST_CAPTURED
    ),
    format=ImageFormat.JPG,
    start=4,
    end=5,
    box=Box(width=60, height_percent=70),
    scale_type=ScaleType.FIT,
    jpeg_quality=80,
    seek_policy=SeekPolicy.NEAREST_KEYFRAME_BEFORE,
    damage_policy=DamagePolicy.STRICT,
    target=ObjectTarget(bucket="b", key_template="o"),
    notify_topic="t",
)
VARIANTS = [
    FULL,
    replace(FULL, selection=replace(FULL.selection, spacing=2)),
    replace(FULL, selection=replace(FULL.selection, threshold=3)),
    replace(FULL, selection=replace(FULL.selection, max_count=2)),
    replace(FULL, selection=ChangeSelection(spacing=1, threshold=2, max_count=3)),
    replace(FULL, selection=IntervalSelection(max_count=3)),
    replace(FULL, selection=KeyframeSelection(max_count=3)),
    replace(FULL, selection=AverageSelection(count=3)),
    replace(FULL, selection=InstantSelection(instants=(3,))),
    replace(FULL, selection=InstantSelection(instants=(3, 4))),
    replace(FULL, format=ImageFormat.PNG),
    replace(FULL, start=3),
    replace(FULL, end=6),
    replace(FULL, end=None),
    replace(FULL, box=Box()),
    replace(FULL, box=Box(width=60)),
    replace(FULL, box=Box(height=60, height_percent=70)),
    replace(FULL, scale_type=ScaleType.FILL),
    replace(FULL, jpeg_quality=81),
    replace(FULL, seek_policy=SeekPolicy.EXACT),
    replace(FULL, damage_policy=DamagePolicy.BEST_EFFORT),
    replace(FULL, target=None),
    replace(FULL, target=ObjectTarget(bucket=None, key_template="o")),
    replace(FULL, target=ObjectTarget(bucket="o", key_template="b")),
    replace(FULL, notify_topic=None),
    replace(FULL, notify_topic="None"),
]


@pytest.mark.parametrize(("text", "expected"), GOLDEN)
def test_keys_stay_what_they_were(text, expected):
    assert key(parse(text).spec) == expected


def test_the_key_of_a_request_with_every_field():
    assert key(FULL) == "d23ac5725744bdb8359e54d399b750910bf72d70de029ed5c60fbd316c115a18"


def test_every_field_counts():
    assert len({key(spec) for spec in VARIANTS}) == len(VARIANTS)


@given(specs(), specs())
@settings(max_examples=50)
def test_different_requests_have_different_keys(one, other):
    assume(one != other)
    assert key(one) != key(other)


@given(sayable())
@settings(max_examples=50)
def test_both_forms_of_a_request_have_one_key(spec):
    text = format_text(spec)
    assert text is not None
    assert key(parse(text).spec) == key(from_proto(*to_proto(spec)).spec) == key(spec)


def test_options_without_effect_do_not_count():
    plain = parse("video/snapshots,f_jpg,m_key")
    noisy = parse("video/snapshots,scaletype_fit,thr_5,f_jpg,ss_0,pw_100,inter_7,m_key,num_0")
    assert key(noisy.spec) == key(plain.spec)


def test_the_key_is_the_same_in_another_process():
    program = (
        "from framecap.spec import key, text\n"
        "print(key.key(text.parse('video/snapshots,f_jpg,m_key').spec))"
    )
    other = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert other.stdout.strip() == key(parse("video/snapshots,f_jpg,m_key").spec)
