"""The canonical text says what its request says, once and in one order."""

from dataclasses import replace

import pytest
from hypothesis import given, settings

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
from framecap.spec.grammar import MAX_CHARACTERS
from framecap.spec.text import parse
from support.spec.strategies import sayable, specs, texts

MS = 1_000_000
PLAIN = CaptureSpec(selection=IntervalSelection(spacing=MS), format=ImageFormat.JPG)

CANONICAL = [
    ("video/snapshots,f_png", CaptureSpec(selection=IntervalSelection(), format=ImageFormat.PNG)),
    ("video/snapshots,f_jpg,inter_1", PLAIN),
    (
        "video/snapshots,ss_5,f_jpg,m_dhash,thr_7,num_3,inter_20",
        CaptureSpec(
            selection=ChangeSelection(spacing=20 * MS, threshold=7, max_count=3),
            format=ImageFormat.JPG,
            start=5 * MS,
        ),
    ),
    (
        "video/snapshots,f_jpg,m_key,num_2,w_64,ph_50,scaletype_fill",
        CaptureSpec(
            selection=KeyframeSelection(max_count=2),
            format=ImageFormat.JPG,
            box=Box(width=64, height_percent=50),
            scale_type=ScaleType.FILL,
        ),
    ),
    (
        "video/snapshots,f_jpg,m_avg,num_4|sys/saveas,o_Pz4_/notify,topic_w7w",
        CaptureSpec(
            selection=AverageSelection(count=4),
            format=ImageFormat.JPG,
            destination=ObjectDestination(bucket=None, key_template="?>?"),
            notify_topic="ü",
        ),
    ),
    ("video/snapshots,f_jpg,inter_1|notify,topic_dA", replace(PLAIN, notify_topic="t")),
    (
        "video/snapshots,f_jpg,inter_1|sys/saveas,b_YmI,o_bw",
        replace(PLAIN, destination=ObjectDestination(bucket="bb", key_template="o")),
    ),
]


@pytest.mark.parametrize(("text", "spec"), CANONICAL)
def test_canonical_texts(text, spec):
    assert format_text(spec) == text


@pytest.mark.parametrize(
    "change",
    [
        {"start": MS + 1},
        {"end": 5 * MS},
        {"shrink_filter": ShrinkFilter.AREA},
        {"quality": 80},
        {"seek_policy": SeekPolicy.NEAREST_KEYFRAME_BEFORE},
        {"damage_policy": DamagePolicy.STRICT},
        {"selection": InstantSelection(instants=(0,))},
        {"selection": IntervalSelection(spacing=MS // 2)},
        {"selection": ChangeSelection(spacing=1)},
        {"selection": ChangeSelection(reference=ChangeReference.LAST_CAPTURED)},
    ],
)
def test_what_the_text_form_has_no_words_for(change):
    assert format_text(replace(PLAIN, **change)) is None


@given(sayable())
@settings(max_examples=100)
def test_what_the_text_form_can_say_is_read_back(spec):
    text = format_text(spec)
    assert text is not None
    assert parse(text).spec == spec
    assert not [n for n in parse(text).warnings if n.reason != "EVERY_FRAME"]


@given(specs())
@settings(max_examples=60)
def test_a_canonical_text_never_says_something_else(spec):
    text = format_text(spec)
    assert text is None or parse(text).spec == spec


@given(texts().filter(lambda text: "m_avg" not in text))
@settings(max_examples=60)
def test_formatting_is_idempotent(text):
    canonical = format_text(parse(text).spec)
    assert canonical is not None
    assert format_text(parse(canonical).spec) == canonical


def test_the_longest_canonical_text_is_read_back():
    longest = "a" * 2048
    spec = CaptureSpec(
        selection=ChangeSelection(
            spacing=2_147_483_647 * MS, threshold=100, max_count=2_147_483_647
        ),
        format=ImageFormat.JPG,
        start=2_147_483_647 * MS,
        box=Box(width=4096, height_percent=200),
        scale_type=ScaleType.CROP,
        destination=ObjectDestination(bucket=longest, key_template=longest),
        notify_topic=longest,
    )
    text = format_text(spec)
    assert text is not None
    assert len(text) < MAX_CHARACTERS
    assert parse(text).spec == spec
