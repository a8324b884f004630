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
    ShrinkFilter,
)
from framecap.spec.format import format_text
from framecap.spec.key import key
from framecap.spec.structured import from_proto, to_proto
from framecap.spec.text import parse
from unit.spec.strategies import sayable, specs

GOLDEN = [
    (
        "video/snapshots,f_jpg",
        "9a2ee7b04968e719b2e12a54fa528d5e79355dc13613311f4ae5e8122302b544",
    ),
    (
        "video/snapshots,f_png,m_avg,num_3,ss_1500,pw_50",
        "06f6e0e000e887c57a4517759e3fd02761b999b031af4bf9447a22bf4d99f544",
    ),
    (
        "video/snapshots,f_jpg,w_100,h_100,scaletype_crop,inter_10000"
        "|sys/saveas,b_ZXhhbXBsZWJ1Y2tldAo,o_dGVzdF97aW5kZXh9LmpwZwo/notify,topic_WFhY",
        "1e9388b00dbcf805db690f53bfb06b2b0ca543125e58e4b290765a3121a56a5c",
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
    shrink_filter=ShrinkFilter.AREA,
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
    replace(FULL, shrink_filter=ShrinkFilter.BICUBIC),
    replace(FULL, jpeg_quality=81),
    replace(FULL, seek_policy=SeekPolicy.EXACT),
    replace(FULL, damage_policy=DamagePolicy.BEST_EFFORT),
    replace(FULL, target=None),
    replace(FULL, target=ObjectTarget(bucket=None, key_template="o")),
    replace(FULL, target=ObjectTarget(bucket="o", key_template="b")),
    replace(FULL, target=ObjectTarget(bucket="b", key_template="o", manifest_template="m")),
    replace(FULL, target=ObjectTarget(bucket="b", key_template="o", manifest_template="n")),
    replace(FULL, notify_topic=None),
    replace(FULL, notify_topic="None"),
]


@pytest.mark.parametrize(("text", "expected"), GOLDEN)
def test_keys_stay_what_they_were(text, expected):
    assert key(parse(text).spec) == expected


def test_the_key_of_a_request_with_every_field():
    assert key(FULL) == "912543c98ec09ba0e0ff67148f3ef4169c042b19cb752a265109cfc82ba1eded"


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
