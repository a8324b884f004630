"""Geometry, worked out by hand from the contract."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framecap.errors import Code, LimitExceeded
from framecap.model.media import Orientation
from framecap.model.plan import Geometry, Offset, Size
from framecap.model.spec import Box, ScaleType
from framecap.plan.geometry import MAX_COMPUTED_SIDE, display_size, fit_box

STRETCH, CROP, FILL, FIT = ScaleType.STRETCH, ScaleType.CROP, ScaleType.FILL, ScaleType.FIT


@pytest.mark.parametrize(
    ("stored", "ratio", "turns", "shown"),
    [
        ((1920, 1080), Fraction(1), 0, (1920, 1080)),
        ((1920, 1080), Fraction(1), 1, (1080, 1920)),
        ((1920, 1080), Fraction(1), 2, (1920, 1080)),
        ((1920, 1080), Fraction(1), 3, (1080, 1920)),
        ((1440, 1080), Fraction(4, 3), 0, (1920, 1080)),
        ((720, 576), Fraction(16, 15), 0, (768, 576)),
        ((720, 576), Fraction(16, 15), 1, (576, 768)),
        ((720, 480), Fraction(8, 9), 0, (640, 480)),
        ((1, 1), Fraction(3, 2), 0, (2, 1)),  # 1.5 rounds up.
        ((3, 1), Fraction(49, 100), 0, (1, 1)),  # 1.47 rounds down.
        ((1, 9), Fraction(1, 100), 0, (1, 9)),  # Never less than 1.
    ],
)
def test_display_size_squares_pixels_and_then_turns(
    stored: tuple[int, int], ratio: Fraction, turns: int, shown: tuple[int, int]
) -> None:
    for mirrored in (False, True):
        assert display_size(*stored, ratio, Orientation(turns, mirrored)) == Size(*shown)


@pytest.mark.parametrize(
    ("source", "box", "scale_type", "scaled", "crop", "canvas", "pad"),
    [
        # No box: the picture as it is, however it would meet one.
        *(((640, 360), Box(), t, (640, 360), (0, 0), (640, 360), (0, 0)) for t in ScaleType),
        ((640, 360), Box(width=100, height=100), STRETCH, (100, 100), (0, 0), (100, 100), (0, 0)),
        ((640, 360), Box(width=100, height=100), CROP, (178, 100), (39, 0), (100, 100), (0, 0)),
        ((640, 360), Box(width=100, height=100), FILL, (100, 56), (0, 0), (100, 100), (0, 22)),
        ((640, 360), Box(width=100, height=100), FIT, (100, 56), (0, 0), (100, 56), (0, 0)),
        # Upright into lying.
        ((360, 640), Box(width=320, height=180), CROP, (320, 569), (0, 194), (320, 180), (0, 0)),
        ((360, 640), Box(width=320, height=180), FILL, (101, 180), (0, 0), (320, 180), (109, 0)),
        ((360, 640), Box(width=320, height=180), FIT, (101, 180), (0, 0), (101, 180), (0, 0)),
        # One side given: the other is the source's, not in proportion.
        ((640, 360), Box(width=320), STRETCH, (320, 360), (0, 0), (320, 360), (0, 0)),
        ((640, 360), Box(width=320), FIT, (320, 180), (0, 0), (320, 180), (0, 0)),
        ((640, 360), Box(height=90), CROP, (640, 360), (0, 135), (640, 90), (0, 0)),
        # Percent, each axis by itself.
        ((640, 360), Box(width_percent=50), STRETCH, (320, 360), (0, 0), (320, 360), (0, 0)),
        (
            (641, 361),
            Box(width_percent=50, height_percent=50),
            FIT,
            (321, 181),  # 320.5 and 180.5 round up; 321/641 is the smaller ratio.
            (0, 0),
            (321, 181),
            (0, 0),
        ),
        ((32, 32), Box(width_percent=1, height_percent=1), FILL, (1, 1), (0, 0), (1, 1), (0, 0)),
        (
            (640, 360),
            Box(width_percent=200, height_percent=200),
            STRETCH,
            (1280, 720),
            (0, 0),
            (1280, 720),
            (0, 0),
        ),
        ((640, 360), Box(width=100, height_percent=200), FIT, (100, 56), (0, 0), (100, 56), (0, 0)),
        # Enlarging.
        ((1, 1), Box(width=33, height=32), FIT, (32, 32), (0, 0), (32, 32), (0, 0)),
        ((1, 1), Box(width=33, height=32), FILL, (32, 32), (0, 0), (33, 32), (0, 0)),
        ((1, 1), Box(width=33, height=32), CROP, (33, 33), (0, 0), (33, 32), (0, 0)),
        # A side that would vanish is 1.
        ((4000, 3), Box(width=100, height=100), FIT, (100, 1), (0, 0), (100, 1), (0, 0)),
        ((4000, 3), Box(width=100, height=100), FILL, (100, 1), (0, 0), (100, 100), (0, 49)),
    ],
)
def test_boxes(
    source: tuple[int, int],
    box: Box,
    scale_type: ScaleType,
    scaled: tuple[int, int],
    crop: tuple[int, int],
    canvas: tuple[int, int],
    pad: tuple[int, int],
) -> None:
    content = canvas if scale_type is CROP else scaled
    assert fit_box(Size(*source), box, scale_type) == Geometry(
        scaled=Size(*scaled),
        crop=Offset(*crop),
        content=Size(*content),
        canvas=Size(*canvas),
        pad=Offset(*pad),
    )


@given(
    source=st.builds(Size, st.integers(16, 4096), st.integers(16, 4096)),
    width=st.integers(32, 512),
    height=st.integers(32, 512),
)
def test_a_fitting_picture_is_inside_its_box_and_touches_it(
    source: Size, width: int, height: int
) -> None:
    box = Box(width=width, height=height)
    assert fit_box(source, box, STRETCH).canvas == Size(width, height)
    fit, fill = fit_box(source, box, FIT), fit_box(source, box, FILL)
    assert fit.canvas.width <= width and fit.canvas.height <= height
    assert fit.canvas.width == width or fit.canvas.height == height
    assert fill.canvas == Size(width, height)
    assert fill.content == fit.content
    left, top = fill.pad.x, fill.pad.y
    assert width - fill.content.width - 2 * left in (0, 1)
    assert height - fill.content.height - 2 * top in (0, 1)


@given(
    source=st.builds(Size, st.integers(64, 2048), st.integers(64, 2048)),
    width=st.integers(32, 256),
    height=st.integers(32, 256),
)
def test_a_cropped_picture_covers_its_box_and_touches_it(
    source: Size, width: int, height: int
) -> None:
    geometry = fit_box(source, Box(width=width, height=height), CROP)
    assert geometry.canvas == geometry.content == Size(width, height)
    assert geometry.scaled.width >= width and geometry.scaled.height >= height
    assert geometry.scaled.width == width or geometry.scaled.height == height
    assert geometry.scaled.width - width - 2 * geometry.crop.x in (0, 1)
    assert geometry.scaled.height - height - 2 * geometry.crop.y in (0, 1)


@pytest.mark.parametrize(
    ("source", "box", "scale_type", "side", "of", "actual"),
    [
        ((4097, 64), Box(width_percent=200), STRETCH, "width", "scaled picture", 8194),
        ((64, 4097), Box(height_percent=200), STRETCH, "height", "scaled picture", 8194),
        ((64, 4097), Box(height_percent=200), FILL, "height", "image", 8194),
        ((64, 4097), Box(width=64, height_percent=200), FILL, "height", "image", 8194),
        ((8193, 10), Box(), FIT, "width", "scaled picture", 8193),
        ((2000, 20), Box(width=100, height=100), CROP, "width", "scaled picture", 10000),
        ((20, 2000), Box(width=100, height=100), CROP, "height", "scaled picture", 10000),
    ],
)
def test_a_side_that_comes_out_too_long_is_refused(
    source: tuple[int, int], box: Box, scale_type: ScaleType, side: str, of: str, actual: int
) -> None:
    with pytest.raises(LimitExceeded) as caught:
        fit_box(Size(*source), box, scale_type)
    error = caught.value
    assert (error.code, error.reason) == (Code.FAILED_PRECONDITION, "LIMIT_EXCEEDED")
    assert error.message == f"The {side} of the {of} would be {actual} pixels; the limit is 8192."
    assert error.metadata == {"side": side, "of": of, "actual": str(actual), "limit": "8192"}


def test_the_longest_side_is_allowed() -> None:
    size = Size(MAX_COMPUTED_SIDE, MAX_COMPUTED_SIDE)
    assert fit_box(size, Box(), STRETCH).canvas == size
