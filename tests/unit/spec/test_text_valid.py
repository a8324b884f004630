"""What valid texts mean."""

import pytest

from framecap.model.spec import (
    AverageSelection,
    Box,
    CaptureSpec,
    ChangeSelection,
    ImageFormat,
    IntervalSelection,
    KeyframeSelection,
    ObjectDestination,
    ScaleType,
)
from framecap.spec.format import format_text
from framecap.spec.text import parse

SECOND = 1_000_000_000
JPG, PNG = ImageFormat.JPG, ImageFormat.PNG
CROPPED = CaptureSpec(
    selection=IntervalSelection(spacing=10 * SECOND),
    format=JPG,
    box=Box(width=512, height=512),
    scale_type=ScaleType.CROP,
)

EXAMPLES = {
    "video/snapshots,f_jpg,w_100,h_100,scaletype_crop,inter_10000"
    "|sys/saveas,b_ZXhhbXBsZWJ1Y2tldAo,o_dGVzdF97aW5kZXh9LmpwZwo/notify,topic_WFhY": CaptureSpec(
        selection=IntervalSelection(spacing=10 * SECOND),
        format=JPG,
        box=Box(width=100, height=100),
        scale_type=ScaleType.CROP,
        destination=ObjectDestination(bucket="examplebucket", key_template="test_{index}.jpg"),
        notify_topic="XXX",
    ),
    "video/snapshots,f_jpg,w_512,h_512,scaletype_crop,inter_10000": CROPPED,
    "video/snapshots,ss_11000,f_png,pw_50,ph_50,num_5": CaptureSpec(
        selection=IntervalSelection(max_count=5),
        format=PNG,
        start=11 * SECOND,
        box=Box(width_percent=50, height_percent=50),
    ),
    "video/snapshots,m_dhash,f_jpg,inter_1000,thr_15": CaptureSpec(
        selection=ChangeSelection(spacing=SECOND, threshold=15), format=JPG
    ),
    "video/snapshots,m_dhash,f_jpg,inter_1000,num_5": CaptureSpec(
        selection=ChangeSelection(spacing=SECOND, max_count=5), format=JPG
    ),
    "video/snapshots,m_key,f_jpg": CaptureSpec(selection=KeyframeSelection(), format=JPG),
    "video/snapshots,m_avg,f_jpg,num_10": CaptureSpec(
        selection=AverageSelection(count=10), format=JPG
    ),
    "video/snapshots,f_jpg|sys/saveas,b_b3V0YnVja2V0,o_Y292ZXIuanBnCg": CaptureSpec(
        selection=IntervalSelection(),
        format=JPG,
        destination=ObjectDestination(bucket="outbucket", key_template="cover.jpg"),
    ),
}


@pytest.mark.parametrize("text", EXAMPLES)
def test_examples_of_the_reference(text):
    assert parse(text).spec == EXAMPLES[text]


def test_a_box_of_one_side_leaves_the_other_to_the_source():
    assert parse("video/snapshots,f_jpg,h_64").spec.box == Box(height=64)


def test_the_bounds_are_allowed():
    text = "video/snapshots,f_jpg,w_32,h_4096,ss_2147483647,inter_0,num_2147483647"
    spec = parse(text).spec
    assert spec.box == Box(width=32, height=4096)
    assert spec.start == 2_147_483_647 * 1_000_000
    assert spec.selection == IntervalSelection(max_count=2_147_483_647)


def test_leading_zeros_are_read():
    zeros = "0" * 5000
    assert parse(f"video/snapshots,f_jpg,w_{zeros}64").spec.box == Box(width=64)


@pytest.mark.parametrize("space", [" ", "\n", "\t \r\n", "\u3000"])
def test_white_space_around_the_text_is_ignored(space):
    assert parse(f"{space}video/snapshots,f_jpg{space}").spec == parse("video/snapshots,f_jpg").spec


def test_the_order_of_options_and_follow_ups_does_not_matter():
    one = "video/snapshots,f_png,m_key,num_3|sys/saveas,b_YmI,o_bw/notify,topic_dA"
    other = "video/snapshots,num_3,m_key,f_png|notify,topic_dA/sys/saveas,o_bw,b_YmI"
    assert parse(one) == parse(other)


@pytest.mark.parametrize(
    ("value", "template"),
    [
        ("YT4-Yj8_", "a>>b??"),  # URL-safe
        ("YT4+Yj8/", "a>>b??"),  # standard
        ("w7zDvA", "üü"),
        ("w7zDvA==", "üü"),
        ("YQo", "a"),
        ("YQo=", "a"),
        ("YQ0K", "a"),
        ("YSA", "a "),
        ("Ly8v", "///"),
    ],
)
def test_base64_in_all_accepted_spellings(value, template):
    spec = parse(f"video/snapshots,f_jpg|sys/saveas,o_{value}").spec
    assert spec.destination == ObjectDestination(bucket=None, key_template=template)


def test_a_slash_separates_only_where_a_follow_up_action_follows():
    # "?>?" and "???" hold a slash in the standard alphabet, before and after the real separator.
    text = "video/snapshots,f_jpg|sys/saveas,b_Pz8/,o_Pz4//notify,topic_Pz8/"
    spec = parse(text).spec
    assert spec.destination == ObjectDestination(bucket="???", key_template="?>?")
    assert spec.notify_topic == "???"
    assert format_text(spec) == "video/snapshots,f_jpg|sys/saveas,b_Pz8_,o_Pz4_/notify,topic_Pz8_"


def test_a_value_may_hold_underscores():
    assert parse("video/snapshots,f_jpg|notify,topic_Pz8_Pz8_").spec.notify_topic == "??????"
