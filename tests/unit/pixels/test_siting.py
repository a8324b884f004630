"""Chroma that would land beside the luma it belongs to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from framecap.model.media import Orientation, PixelLayout, Siting
from framecap.model.plan import Size
from framecap.model.raster import PackedImage, PlanarImage
from framecap.model.spec import Box, ImageFormat, ScaleType
from framecap.pixels.render import render
from framecap.plan.geometry import display_size, fit_box
from oracles.pictures import ORIENTATIONS, displayed, padded, picture
from support.pixels.layouts import YUV444

# 16 bits, so that a slope shows; full range and BT.601, so that planes come out as they went in.
DEEP = replace(YUV444, depth=16, full_range=True)
SUBSAMPLINGS = [(1, 1), (1, 0), (2, 0), (0, 0), (2, 2)]
SIZES = [(48, 32), (24, 16), (96, 64), (30, 20), (67, 45)]
WIDTH, HEIGHT = 48, 32


def slopes(layout: PixelLayout) -> list[np.ndarray]:
    """Returns planes whose chroma rises evenly across (Cb) and down (Cr) the luma it covers."""
    columns, rows = WIDTH >> layout.chroma_shift_x, HEIGHT >> layout.chroma_shift_y
    x = sites(columns, layout.chroma_shift_x, "left" in layout.siting.value)
    y = sites(
        rows,
        layout.chroma_shift_y,
        "top" in layout.siting.value,
        last="bottom" in layout.siting.value,
    )
    cb = np.rint(4000 + 57000 * x / WIDTH)
    cr = np.rint(4000 + 57000 * y / HEIGHT)
    return [
        np.full((HEIGHT, WIDTH), 30000),
        np.broadcast_to(cb, (rows, columns)),
        np.broadcast_to(cr[:, None], (rows, columns)),
    ]


def sites(count: int, shift: int, first: bool, *, last: bool = False) -> np.ndarray:
    """Returns where chroma samples stand, in luma samples from the picture's edge."""
    ratio = 1 << shift
    return ratio * np.arange(count) + (0.5 if first else ratio - 0.5 if last else ratio / 2)


@pytest.mark.parametrize("siting", Siting)
@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("orientation", ORIENTATIONS, ids=str)
def test_a_slope_of_chroma_stays_where_it_is(
    siting: Siting, subsampling: tuple[int, int], size: tuple[int, int], orientation: Orientation
) -> None:
    """Cubics keep a straight line, averages nearly, so any shift would show, edges apart.

    Of two samples per result and a fraction, an average is up to 1/10 of a sample off. The smallest
    mistake in siting there is, a quarter of a sample, is 2.3 here.
    """
    layout = replace(
        DEEP, chroma_shift_x=subsampling[0], chroma_shift_y=subsampling[1], siting=siting
    )
    source = picture([padded(plane, 16) for plane in slopes(layout)], layout, orientation)
    shown = display_size(WIDTH, HEIGHT, source.sample_aspect_ratio, orientation)
    if orientation.quarter_turns % 2:
        size = size[::-1]
    geometry = fit_box(shown, Box(width=size[0], height=size[1]), ScaleType.STRETCH)
    raster = render(source, geometry, ImageFormat.JPG)
    assert isinstance(raster, PlanarImage)
    columns, rows = raster.cb.shape[::-1]
    if orientation.quarter_turns % 2:
        columns, rows, size = rows, columns, size[::-1]
    # A last chroma sample that reaches beyond an odd edge is left out with the edges. They are
    # wherever a cubic's or an average's reach would leave the stored chroma.
    across = slope(columns, size[0], WIDTH, mirrored_x(orientation))
    down = slope(rows, size[1], HEIGHT, mirrored_y(orientation))
    inner = (slice(rows // 4 + 1, -(rows // 4) - 1), slice(columns // 4 + 1, -(columns // 4) - 1))
    upright = undisplayed(raster.cb, orientation), undisplayed(raster.cr, orientation)
    assert np.abs(upright[0] - across)[inner].max() <= 1.3
    assert np.abs(upright[1] - down[:, None])[inner].max() <= 1.3


def mirrored_x(orientation: Orientation) -> bool:
    return (orientation.quarter_turns in (2, 3)) != orientation.mirrored


def mirrored_y(orientation: Orientation) -> bool:
    return orientation.quarter_turns in (1, 2)


def undisplayed(plane: np.ndarray, orientation: Orientation) -> np.ndarray:
    """Returns a plane as it was stored."""
    turned_back = displayed(plane, Orientation(-orientation.quarter_turns % 4))
    return np.fliplr(turned_back) if orientation.mirrored else turned_back


def slope(count: int, pixels: int, luma: int, mirrored: bool) -> np.ndarray:
    """Returns what chroma samples between pixels 2i and 2i + 1 of the image should hold."""
    position = (2 * np.arange(count) + 1) / pixels
    if mirrored:
        position = 1 - position[::-1]
    value = 4000 + 57000 * position
    return (value - 32768) * 255 / 65535 + 128


@pytest.mark.parametrize("siting", Siting)
def test_chroma_of_a_png_stands_on_its_luma(siting: Siting) -> None:
    layout = replace(DEEP, chroma_shift_x=1, chroma_shift_y=1, siting=siting)
    source = picture([padded(plane, 16) for plane in slopes(layout)], layout)
    geometry = fit_box(Size(WIDTH, HEIGHT), Box(), ScaleType.STRETCH)
    raster = render(source, geometry, ImageFormat.PNG)
    assert isinstance(raster, PackedImage)
    luma = 30000 * 255 / 65535
    cb = (4000 + 57000 * (np.arange(WIDTH) + 0.5) / WIDTH - 32768) * 255 / 65535
    cr = (4000 + 57000 * (np.arange(HEIGHT) + 0.5) / HEIGHT - 32768) * 255 / 65535
    blue, red = np.clip(luma + 1.772 * cb, 0, 255), np.clip(luma + 1.402 * cr, 0, 255)
    inner = np.s_[6:-6, 6:-6]
    assert np.abs(raster.pixels[..., 2] - blue)[inner].max() <= 0.6
    assert np.abs(raster.pixels[..., 0] - red[:, None])[inner].max() <= 0.6
