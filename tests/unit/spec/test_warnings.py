"""What a valid request's writer is told."""

import pytest

from framecap.model.capture import CaptureWarning
from framecap.model.spec import Box, IntervalSelection, KeyframeSelection, ScaleType
from framecap.spec.text import parse

V = "video/snapshots,f_jpg,"

IDLE = [
    (V + "inter_5,thr_20", "thr", 31, "20", "outside m_dhash"),
    (V + "m_key,thr_0", "thr", 29, "0", "outside m_dhash"),
    (V + "m_key,inter_1000", "inter", 29, "1000", "with m_key"),
    (V + "num_2,inter_7,m_avg", "inter", 29, "7", "with m_avg"),
    (V + "m_key,pw_50,w_100", "pw", 29, "50", "beside w"),
    (V + "m_key,h_100,ph_50", "ph", 35, "50", "beside h"),
    (V + "m_key,scaletype_fit", "scaletype", 29, "fit", "without a box"),
]


@pytest.mark.parametrize(("text", "option", "column", "value", "why"), IDLE)
def test_an_option_without_effect_is_dropped_and_reported(text, option, column, value, why):
    parsed = parse(text)
    rest = [part for part in text.split(",") if not part.startswith(f"{option}_")]
    assert parsed.spec == parse(",".join(rest)).spec
    assert parsed.warnings == (
        CaptureWarning(
            reason="OPTION_WITHOUT_EFFECT",
            message=f"text:{column}: {option}: {value} has no effect {why}",
            metadata={"option": option, "value": value, "column": str(column)},
        ),
    )


def test_every_option_without_effect_is_reported_in_the_order_of_the_text():
    parsed = parse(V + "scaletype_fill,thr_3,m_key,inter_4")
    assert [warning.metadata["option"] for warning in parsed.warnings] == [
        "scaletype",
        "thr",
        "inter",
    ]
    assert parsed.spec.selection == KeyframeSelection()
    assert parsed.spec.scale_type is ScaleType.STRETCH


def test_options_that_act_are_not_reported():
    parsed = parse(V + "m_dhash,inter_5,thr_20,num_3,w_100,ph_50,scaletype_fit,ss_3")
    assert parsed.warnings == ()
    assert parsed.spec.box == Box(width=100, height_percent=50)


def test_a_percentage_alone_is_a_box_to_fit():
    parsed = parse(V + "m_key,pw_150,scaletype_fit")
    assert parsed.warnings == ()
    assert parsed.spec.scale_type is ScaleType.FIT


@pytest.mark.parametrize("text", ["video/snapshots,f_png", V + "m_inter", V + "ss_5,num_0"])
def test_a_step_left_out_where_every_frame_is_captured_is_reported(text):
    parsed = parse(text)
    assert parsed.spec.selection == IntervalSelection()
    assert parsed.warnings == (
        CaptureWarning(
            reason="EVERY_FRAME",
            message="text: inter: is left out, so every frame is captured",
            metadata={"option": "inter"},
        ),
    )


@pytest.mark.parametrize("option", ["inter_0", "num_5", "m_key", "m_avg,num_3", "m_dhash,thr_5"])
def test_every_frame_is_not_reported_where_it_was_asked_for_or_is_not_so(option):
    assert parse(V + option).warnings == ()
