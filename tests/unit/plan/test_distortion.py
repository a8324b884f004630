"""When a box that has only one side is worth a word."""

from __future__ import annotations

import pytest

from framecap.model.plan import Size
from framecap.model.spec import Box, ScaleType
from framecap.plan.distortion import aspect_changed
from framecap.plan.geometry import fit_box

HD = Size(1920, 1080)
STRETCH = ScaleType.STRETCH


def warned(box: Box, source: Size = HD, scale_type: ScaleType = STRETCH) -> list[str]:
    """Returns the options that warnings are about."""
    image = fit_box(source, box, scale_type).canvas
    warnings = list(aspect_changed(box, scale_type, source, image))
    assert {warning.reason for warning in warnings} <= {"ASPECT_CHANGED"}
    return [warning.metadata["option"] for warning in warnings]


@pytest.mark.parametrize(
    ("box", "option"),
    [
        (Box(width=320), "w"),
        (Box(height=180), "h"),
        (Box(width=4000), "w"),
        (Box(width_percent=50), "pw"),
        (Box(height_percent=200), "ph"),
    ],
)
def test_a_lone_side_is_reported(box: Box, option: str) -> None:
    assert warned(box) == [option]


def test_the_sentence_names_the_sizes_and_the_cure() -> None:
    (warning,) = aspect_changed(Box(width=320), STRETCH, HD, Size(320, 1080))
    assert "1920x1080" in warning.message
    assert "320x1080" in warning.message
    assert "scaletype_fit" in warning.message
    assert warning.metadata == {
        "option": "w",
        "source": "1920x1080",
        "image": "320x1080",
        "cure": "scaletype_fit",
    }


@pytest.mark.parametrize(
    ("box", "source", "is_reported"),
    [
        (Box(width=1010), Size(1000, 500), False),
        (Box(width=1011), Size(1000, 500), True),
        (Box(width=990), Size(1000, 500), False),
        (Box(width=989), Size(1000, 500), True),
        (Box(height=500), Size(1000, 505), False),
        (Box(height=500), Size(1000, 506), True),
        (Box(width_percent=101), Size(1000, 500), False),
        (Box(width_percent=102), Size(1000, 500), True),
        (Box(height_percent=101), Size(1000, 500), False),
        (Box(height_percent=98), Size(1000, 500), True),
        (Box(width=1000), Size(1000, 500), False),
    ],
)
def test_up_to_one_percent_is_not(box: Box, source: Size, is_reported: bool) -> None:
    assert bool(warned(box, source)) is is_reported


@pytest.mark.parametrize(
    "box",
    [
        Box(),
        Box(width=320, height=320),
        Box(width=320, height_percent=50),
        Box(width_percent=50, height=100),
        Box(width_percent=50, height_percent=25),
    ],
)
def test_two_sides_are_what_was_meant(box: Box) -> None:
    assert warned(box) == []


@pytest.mark.parametrize("scale_type", [ScaleType.FIT, ScaleType.FILL, ScaleType.CROP])
def test_other_ways_keep_the_shape(scale_type: ScaleType) -> None:
    assert warned(Box(width=320), scale_type=scale_type) == []
