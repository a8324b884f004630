"""The key is the identity of a request: of its meaning, and of nothing else."""

import hashlib
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
    ObjectDestination,
    ScaleType,
    SeekPolicy,
    ShrinkFilter,
)
from framecap.spec.format import format_text
from framecap.spec.key import encoded, key
from framecap.spec.structured import from_proto, to_proto
from framecap.spec.text import parse
from framecap.v1 import capture_pb2 as pb
from oracles import request_key
from support.spec.messages import read
from support.spec.strategies import sayable, specs

VECTORS = [
    ("video/snapshots,f_jpg", "1:{}\n10:{}\n"),
    (
        "video/snapshots,f_png,m_avg,num_3,ss_1500,pw_50",
        "3:{1:3\n}\n7:{1:1500000000\n}\n8:{3:50\n}\n11:{}\n",
    ),
    (
        "video/snapshots,f_jpg,w_100,h_100,scaletype_crop,inter_10000"
        "|sys/saveas,b_ZXhhbXBsZWJ1Y2tldAo,o_dGVzdF97aW5kZXh9LmpwZwo/notify,topic_WFhY",
        "1:{1:10000000000\n}\n8:{1:100\n2:100\n}\n9:2\n10:{}\n",
    ),
    (
        {"instants": {"offsets": ["0s", "0.61s"]}, "jpeg": {"quality": 80}},
        "5:{1:0\n1:610000000\n}\n10:{1:80\n}\n",
    ),
    (
        {
            "change": {
                "spacing": "0.5s",
                "thresholdPercent": 5,
                "reference": "CHANGE_REFERENCE_LAST_CAPTURED",
            },
            "range": {"endOffset": "60s"},
            "png": {},
            "damagePolicy": "DAMAGE_POLICY_STRICT",
        },
        "4:{1:500000000\n2:5\n4:2\n}\n7:{2:60000000000\n}\n11:{}\n15:2\n",
    ),
]
"""Requests, and what is hashed of them behind `framecap/key/1`."""

DIGESTS = [
    "05ae644673a1f6e27d9253c1cb42d4497d040bb16cc264b86adc27ad709e5fc6",
    "980c90b852f62bf376def8b08d06f34c4898df216759716b4143d2bd0370c290",
    "b639c5d9cac38364ab2c92265b84e3fe87c9d750750ad4730cb98a7808e1c6a7",
    "b8a9c5023ebeab602e956e65586d6854a367d609aa1db16538b21a3db9432788",
    "4fbcfc2d1d7b855c475f5b3c3ec764fe1502bf59be182571d81babeee5d82806",
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
    quality=80,
    seek_policy=SeekPolicy.NEAREST_KEYFRAME_BEFORE,
    damage_policy=DamagePolicy.STRICT,
    destination=ObjectDestination(bucket="b", key_template="o"),
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
    replace(FULL, format=ImageFormat.PNG, quality=None),
    replace(FULL, quality=None),
    replace(FULL, start=3),
    replace(FULL, end=6),
    replace(FULL, end=None),
    replace(FULL, box=Box()),
    replace(FULL, box=Box(width=60)),
    replace(FULL, box=Box(height=60, height_percent=70)),
    replace(FULL, scale_type=ScaleType.FILL),
    replace(FULL, shrink_filter=ShrinkFilter.BICUBIC),
    replace(FULL, quality=81),
    replace(FULL, seek_policy=SeekPolicy.EXACT),
    replace(FULL, damage_policy=DamagePolicy.BEST_EFFORT),
]


def parsed(request):
    return parse(request).spec if isinstance(request, str) else read(**request).spec


@pytest.mark.parametrize(("vector", "digest"), list(zip(VECTORS, DIGESTS, strict=True)))
def test_keys_are_as_the_contract_says(vector, digest):
    request, lines = vector
    assert hashlib.sha256(f"framecap/key/1\n{lines}".encode()).hexdigest() == digest
    assert key(parsed(request)) == digest
    assert request_key.key(to_proto(parsed(request))[0]) == digest


@given(specs())
@settings(max_examples=200)
def test_every_key_is_that_of_the_contract_s_sentence(spec):
    assert key(spec) == request_key.key(to_proto(spec)[0])


def test_a_map_and_texts_are_hashed_in_one_order():
    plugin = pb.PluginSelection(name="x", options={"b": "ü", "a": ""})
    assert encoded(plugin) == '1:"x"\n2:{1:"a"\n2:""\n}\n2:{1:"b"\n2:"\\u00fc"\n}\n'


def test_delivery_is_no_part_of_the_identity():
    others = (
        replace(FULL, destination=None),
        replace(FULL, destination=ObjectDestination(bucket=None, key_template="o")),
        replace(FULL, notify_topic=None),
    )
    assert {key(other) for other in others} == {key(FULL)}


def test_every_field_counts():
    assert len({key(spec) for spec in VARIANTS}) == len(VARIANTS)


@given(specs(), specs())
@settings(max_examples=50)
def test_different_requests_have_different_keys(one, other):
    one, other = (replace(spec, destination=None, notify_topic=None) for spec in (one, other))
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
