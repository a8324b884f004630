"""Pictures that can be seen through."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from framecap.model.media import Model, Picture, PixelLayout
from framecap.model.plan import Size
from framecap.model.raster import PackedImage, PlanarImage
from framecap.model.spec import Box, ImageFormat, ScaleType
from framecap.pixels.render import render
from framecap.plan.geometry import fit_box
from oracles.pictures import noisy, padded, picture, plain, shapes
from support.pixels.layouts import GRAY, LAYOUTS, RGB, YUV420, YUV444

TRANSPARENT = [
    replace(layout, alpha=True, depth=depth)
    for layout, depth in product((YUV420, YUV444, RGB, GRAY), (8, 10))
]
SIZES = [(24, 20), (11, 9), (8, 6), (53, 47), (1, 1)]


def half_seen(layout: PixelLayout) -> Picture:
    """Returns one colour whose left, up to an odd column, is seen, beside another that is not."""
    unit, most = 1 << (layout.depth - 8), (1 << layout.depth) - 1
    planes = []
    for index, shape in enumerate(shapes(24, 20, layout)):
        alpha = index == len(shapes(24, 20, layout)) - 1
        seen, hidden = (most, 0) if alpha else ((150 + 20 * index) * unit, (60 - 20 * index) * unit)
        plane = np.full(shape, hidden)
        # The chroma sample over the odd column is of what is seen of it.
        plane[:, : -(-13 * shape[1] // 24)] = seen
        planes.append(padded(plane, layout.depth))
    return picture(planes, layout)


def solid(layout: PixelLayout) -> Picture:
    """Returns the colour that is seen, everywhere."""
    unit = 1 << (layout.depth - 8)
    count = 1 if layout.model is Model.GRAY else 3
    samples = [(150 + 20 * index) * unit for index in range(count)]
    return plain(24, 20, replace(layout, alpha=False), samples)


@pytest.mark.parametrize("layout", TRANSPARENT, ids=str)
@pytest.mark.parametrize("size", SIZES)
def test_hidden_colours_leave_no_fringe(layout: PixelLayout, size: tuple[int, int]) -> None:
    geometry = fit_box(Size(24, 20), Box(width=size[0], height=size[1]), ScaleType.STRETCH)
    raster = render(half_seen(layout), geometry, ImageFormat.PNG)
    plain_raster = render(solid(layout), geometry, ImageFormat.PNG)
    assert isinstance(raster, PackedImage) and isinstance(plain_raster, PackedImage)
    seen = raster.pixels[..., 3] >= 8
    colour = plain_raster.pixels[0, 0].astype(int)
    assert seen.any()
    if size == (24, 20) and layout.chroma_shift_x:
        seen[:, 11:] = False  # Unscaled, only chroma is resampled, and hidden luma is as it was.
    assert np.abs(raster.pixels[seen][:, :3] - colour).max() <= 2


@pytest.mark.parametrize("layout", TRANSPARENT, ids=str)
def test_a_jpeg_shows_it_before_black(layout: PixelLayout) -> None:
    geometry = fit_box(Size(24, 20), Box(), ScaleType.STRETCH)
    raster = render(half_seen(layout), geometry, ImageFormat.JPG)
    plain_raster = render(solid(layout), geometry, ImageFormat.JPG)
    assert isinstance(raster, PlanarImage) and isinstance(plain_raster, PlanarImage)
    assert (raster.y[:, :13] == plain_raster.y[0, 0]).all()
    assert (raster.y[:, 13:] == 0).all()
    assert (raster.cb[:, 9:] == 128).all() and (raster.cr[:, 9:] == 128).all()
    assert (raster.cb[:, :4] == plain_raster.cb[0, 0]).all()


@pytest.mark.parametrize("share", (0, 1, 51, 128, 254, 255))
def test_a_jpeg_of_half_transparent_is_as_dark(share: int) -> None:
    layout = replace(RGB, alpha=True)
    geometry = fit_box(Size(6, 4), Box(), ScaleType.STRETCH)
    raster = render(plain(6, 4, layout, [200, 200, 200, share]), geometry, ImageFormat.JPG)
    assert isinstance(raster, PlanarImage)
    assert np.abs(raster.y - 200 * share / 255).max() <= 1
    assert (raster.cb == 128).all() and (raster.cr == 128).all()


@pytest.mark.parametrize("layout", TRANSPARENT, ids=str)
@pytest.mark.parametrize("size", SIZES)
def test_opaque_is_the_same_as_without_alpha(layout: PixelLayout, size: tuple[int, int]) -> None:
    without = noisy(24, 20, replace(layout, alpha=False))
    alpha = padded(np.full((20, 24), 2**layout.depth - 1), layout.depth)
    opaque = picture([*without.planes, alpha], layout)
    geometry = fit_box(Size(24, 20), Box(width=size[0], height=size[1]), ScaleType.STRETCH)
    ours, theirs = (render(p, geometry, ImageFormat.PNG) for p in (opaque, without))
    assert isinstance(ours, PackedImage) and isinstance(theirs, PackedImage)
    assert (ours.pixels[..., 3] == 255).all()
    # Products with alpha have 15 bits, so both passes and the quotient round another number.
    assert np.abs(ours.pixels[..., :3].astype(int) - theirs.pixels).max() <= 4
    ours, theirs = (render(p, geometry, ImageFormat.JPG) for p in (opaque, without))
    assert isinstance(ours, PlanarImage) and isinstance(theirs, PlanarImage)
    np.testing.assert_array_equal(ours.y, theirs.y)
    np.testing.assert_array_equal(ours.cb, theirs.cb)


@pytest.mark.parametrize("name", ("ya8", "gbrap", "yuva444p12"))
def test_unscaled_nothing_changes(name: str) -> None:
    """Not even a colour that is not seen."""
    layout = LAYOUTS[name]
    source = noisy(9, 7, layout)
    geometry = fit_box(Size(9, 7), Box(), ScaleType.STRETCH)
    raster = render(source, geometry, ImageFormat.PNG)
    without = picture(source.planes[:-1], replace(layout, alpha=False))
    opaque = render(without, geometry, ImageFormat.PNG)
    assert isinstance(raster, PackedImage) and isinstance(opaque, PackedImage)
    np.testing.assert_array_equal(raster.pixels[..., :3], opaque.pixels)
    most = 2**layout.depth - 1
    expected = np.floor(source.planes[-1] * (255 / most) + 0.5)
    np.testing.assert_array_equal(raster.pixels[..., 3], expected)
