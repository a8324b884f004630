"""Pictures that are stored turned or mirrored."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from framecap.model.media import Orientation, Picture, PixelLayout, Siting
from framecap.model.plan import Geometry, Offset, Size
from framecap.model.raster import PackedImage
from framecap.model.spec import Box, ImageFormat, ScaleType, ShrinkFilter
from framecap.pixels.orient import orient
from framecap.pixels.render import render
from framecap.plan.geometry import display_size, fit_box
from oracles.pictures import ORIENTATIONS, UPRIGHT, displayed, noisy, padded, picture
from support.pixels.layouts import GRAY, RGB, YUV420, YUV444

LAYOUTS = {
    "yuv420p": replace(YUV420, siting=Siting.CENTER),
    "yuv444p10": replace(YUV444, depth=10),
    "gray": GRAY,
    "gbrp": RGB,
    "yuva444p": replace(YUV444, alpha=True),
}
BOXES = [Box(), Box(width=33, height=37), Box(width=91, height=35), Box(width=64, height=96)]


def turned_first(source: Picture) -> Picture:
    """Returns the picture as if it had been stored upright."""
    planes = [
        padded(displayed(plane, source.orientation), source.layout.depth) for plane in source.planes
    ]
    return picture(planes, source.layout)


def render_all(source: Picture, geometry: Geometry, format: ImageFormat) -> list[np.ndarray]:
    raster = render(source, geometry, format)
    if isinstance(raster, PackedImage):
        return [raster.pixels]
    return [raster.y, raster.cb, raster.cr]


@pytest.mark.parametrize("orientation", ORIENTATIONS, ids=str)
@pytest.mark.parametrize("scale_type", ScaleType)
@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("format", ImageFormat)
def test_turning_before_or_after_is_the_same(
    orientation: Orientation, scale_type: ScaleType, name: str, format: ImageFormat
) -> None:
    source = noisy(60, 44, LAYOUTS[name], orientation)
    shown = display_size(60, 44, source.sample_aspect_ratio, orientation)
    if source.layout.alpha:
        source.planes[-1][...] |= 64  # Where next to nothing is seen, colours say nothing.
    # A quarter turn exchanges the two passes, so what lies between is rounded the other way: a
    # step in each plane, which conversion makes up to four.
    tolerance = 4 if orientation.quarter_turns % 2 else 0
    for box in BOXES:
        geometry = fit_box(shown, box, scale_type)
        ours = render_all(source, geometry, format)
        theirs = render_all(turned_first(source), geometry, format)
        for our, their in zip(ours, theirs, strict=True):
            assert our.shape == their.shape
            assert np.abs(our.astype(int) - their).max() <= tolerance


@pytest.mark.parametrize(
    ("orientation", "rows"),
    [
        (Orientation(0), ["ab", "cd", "ef"]),
        (Orientation(1), ["eca", "fdb"]),
        (Orientation(2), ["fe", "dc", "ba"]),
        (Orientation(3), ["bdf", "ace"]),
        (Orientation(0, True), ["ba", "dc", "fe"]),
        (Orientation(1, True), ["fdb", "eca"]),
        (Orientation(2, True), ["ef", "cd", "ab"]),
        (Orientation(3, True), ["ace", "bdf"]),
    ],
)
def test_mirrored_first_then_turned_clockwise(orientation: Orientation, rows: list[str]) -> None:
    letters = padded([list(b"ab"), list(b"cd"), list(b"ef")], 8)
    source = picture([letters], replace(GRAY, full_range=True), orientation)
    shown = display_size(2, 3, source.sample_aspect_ratio, orientation)
    geometry = fit_box(shown, Box(), ScaleType.STRETCH)
    raster = render(source, geometry, ImageFormat.PNG)
    assert isinstance(raster, PackedImage)
    assert [bytes(row).decode() for row in raster.pixels[..., 0]] == rows


def test_an_upright_picture_is_left_alone() -> None:
    source = noisy(8, 8, GRAY)
    assert source.orientation == UPRIGHT
    assert orient(source, fit_box(Size(8, 8), Box(), ScaleType.FIT), ShrinkFilter.AREA) is source


@pytest.mark.parametrize("layout", [YUV420, GRAY], ids=str)
def test_a_cut_is_where_the_displayed_picture_has_it(layout: PixelLayout) -> None:
    """Odd margins: mirrored, the smaller one is stored on the other side."""
    for orientation in ORIENTATIONS:
        source = noisy(41, 27, layout, orientation)
        shown = display_size(41, 27, source.sample_aspect_ratio, orientation)
        whole = fit_box(shown, Box(), ScaleType.STRETCH)
        kept = Size(12, 9)
        cut = replace(whole, crop=Offset(7, 4), content=kept, canvas=kept)
        everything = render(source, whole, ImageFormat.PNG)
        part = render(source, cut, ImageFormat.PNG)
        assert isinstance(everything, PackedImage) and isinstance(part, PackedImage)
        expected = everything.pixels[4:13, 7:19]
        np.testing.assert_array_equal(part.pixels, expected)
