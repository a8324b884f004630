"""The colour a picture has in the image."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import av
import numpy as np
import pytest
from PIL import Image

from framecap.model.media import Matrix, Model, PixelLayout, Siting
from framecap.model.plan import Size
from framecap.model.raster import PackedImage, PlanarImage
from framecap.model.spec import Box, ImageFormat, ScaleType
from framecap.pixels.render import render
from framecap.plan.geometry import fit_box
from oracles import colour as oracle
from oracles.pictures import noisy, padded, picture, plain, shapes
from support.pixels.layouts import LAYOUTS, YUV420

OPAQUE = {name: layout for name, layout in LAYOUTS.items() if not layout.alpha}


def colours(layout: PixelLayout) -> list[tuple[int, ...]]:
    """Returns samples of many colours, those of black and white among them."""
    unit = 1 << (layout.depth - 8)
    steps = (0, 16, 81, 128, 200, 235, 240, 255)
    luma = [step * unit for step in steps]
    if layout.model is Model.GRAY:
        return [(y,) for y in luma]
    return list(product(luma[1::2], luma[::3], luma[::3]))


@pytest.mark.parametrize("size", [(6, 4), (3, 3), (20, 14)])
@pytest.mark.parametrize("name", OPAQUE)
def test_one_colour_stays_one_and_is_the_right_one(name: str, size: tuple[int, int]) -> None:
    layout = OPAQUE[name]
    geometry = fit_box(Size(6, 4), Box(width=size[0], height=size[1]), ScaleType.STRETCH)
    for samples in colours(layout):
        triple = samples if len(samples) == 3 else (*samples, *[1 << (layout.depth - 1)] * 2)
        expected = np.clip(oracle.rgb(triple, layout), 0, 1)
        source = plain(6, 4, layout, samples)
        png = render(source, geometry, ImageFormat.PNG)
        assert isinstance(png, PackedImage)
        assert np.unique(png.pixels.reshape(-1, 3), axis=0).shape == (1, 3)
        assert np.abs(png.pixels[0, 0] - 255 * expected).max() <= 0.55
        jpg = render(source, geometry, ImageFormat.JPG)
        assert isinstance(jpg, PlanarImage)
        planes = [np.unique(plane) for plane in (jpg.y, jpg.cb, jpg.cr)]
        assert [len(values) for values in planes] == [1, 1, 1]
        # Outside the colours there are, YCbCr is converted as it is, not by way of clipped RGB.
        unclipped = np.clip(oracle.jfif(oracle.rgb(triple, layout)), 0, 255)
        assert np.abs(np.concatenate(planes) - unclipped).max() <= 0.55


@pytest.mark.parametrize("matrix", Matrix)
@pytest.mark.parametrize("full_range", (False, True))
@pytest.mark.parametrize("depth", (8, 10, 12, 16))
def test_black_gray_and_white_are_exact(matrix: Matrix, full_range: bool, depth: int) -> None:
    layout = PixelLayout(model=Model.YUV, depth=depth, matrix=matrix, full_range=full_range)
    unit, middle = 1 << (depth - 8), 1 << (depth - 1)
    ends = (0, 2**depth - 1) if full_range else (16 * unit, 235 * unit)
    geometry = fit_box(Size(4, 2), Box(), ScaleType.STRETCH)
    for y, expected in zip(ends, (0, 255), strict=True):
        source = plain(4, 2, layout, (y, middle, middle))
        png = render(source, geometry, ImageFormat.PNG)
        jpg = render(source, geometry, ImageFormat.JPG)
        assert isinstance(png, PackedImage) and isinstance(jpg, PlanarImage)
        assert (png.pixels == expected).all()
        assert (jpg.y == expected).all() and (jpg.cb == 128).all() and (jpg.cr == 128).all()
    for y in range(ends[0], ends[1], 5 * unit):
        png = render(plain(4, 2, layout, (y, middle, middle)), geometry, ImageFormat.PNG)
        assert isinstance(png, PackedImage)
        red, green, blue = png.pixels[0, 0]
        assert red == green == blue


def test_ten_bits_are_rounded_not_cut_off() -> None:
    layout = PixelLayout(model=Model.GRAY, depth=10, full_range=True)
    ramp = np.arange(1024).reshape(32, 32)
    geometry = fit_box(Size(32, 32), Box(), ScaleType.STRETCH)
    source = picture([padded(ramp, 10)], layout)
    jpg = render(source, geometry, ImageFormat.JPG)
    assert isinstance(jpg, PlanarImage)
    np.testing.assert_array_equal(jpg.y, np.floor(ramp * 255 / 1023 + 0.5))


@pytest.mark.parametrize("name", ("yuv420p", "yuv420p bt709", "yuv411p", "yuv444p smpte240m"))
@pytest.mark.parametrize("format", ImageFormat)
def test_eight_bits_in_ten_are_the_same_picture(name: str, format: ImageFormat) -> None:
    """In the studio range a bit more is a factor of 2; nothing is scaled, so nothing differs."""
    layout = LAYOUTS[name]
    eight = noisy(24, 18, layout)
    planes = [padded(plane.astype(int) << 2, 10) for plane in eight.planes]
    ten = picture(planes, replace(layout, depth=10))
    geometry = fit_box(Size(24, 18), Box(), ScaleType.STRETCH)
    for ours, theirs in zip(
        arrays(render(eight, geometry, format)), arrays(render(ten, geometry, format)), strict=True
    ):
        # Chroma is moved to where the image has it; ten bits round that more finely.
        assert np.abs(ours.astype(int) - theirs).max() <= 2


def arrays(raster: PackedImage | PlanarImage) -> list[np.ndarray]:
    if isinstance(raster, PlanarImage):
        return [raster.y, raster.cb, raster.cr]
    return [raster.pixels]


def smooth(width: int, height: int, layout: PixelLayout) -> list[np.ndarray]:
    """Returns planes without edges, over which ways to interpolate chroma would differ."""
    planes = []
    for index, (rows, columns) in enumerate(shapes(width, height, layout)):
        y, x = np.mgrid[:rows, :columns] / np.array([rows, columns]).reshape(2, 1, 1)
        wave = np.sin(3 * x + index) * np.cos(4 * y - index)
        planes.append(np.rint(128 + (70 if index == 0 else 45) * wave).astype(np.uint8))
    return planes


@pytest.mark.parametrize("matrix", (Matrix.BT601, Matrix.BT709, Matrix.BT2020, Matrix.SMPTE240M))
@pytest.mark.parametrize("full_range", (False, True))
@pytest.mark.parametrize("format", ImageFormat)
def test_colours_are_those_of_swscale(
    matrix: Matrix, full_range: bool, format: ImageFormat
) -> None:
    width, height = 320, 180
    layout = replace(YUV420, matrix=matrix, full_range=full_range, siting=Siting.CENTER)
    planes = smooth(width, height, layout)
    geometry = fit_box(Size(width, height), Box(), ScaleType.STRETCH)
    source = picture([padded(plane, 8) for plane in planes], layout)
    ours = rgb_of(render(source, geometry, format))
    rows = np.concatenate([plane.reshape(-1, width) for plane in planes])
    frame = av.VideoFrame.from_ndarray(rows, "yuv420p")
    colourspaces = {
        Matrix.BT601: av.video.reformatter.Colorspace.ITU601,
        Matrix.BT709: av.video.reformatter.Colorspace.ITU709,
        Matrix.BT2020: 9,
        Matrix.SMPTE240M: av.video.reformatter.Colorspace.SMPTE240M,
    }
    theirs = frame.reformat(
        format="rgb24",
        src_colorspace=colourspaces[matrix],
        src_color_range="JPEG" if full_range else "MPEG",
        dst_color_range="JPEG",
    ).to_ndarray()
    assert np.abs(ours.astype(int) - theirs).mean() <= 1.5


def rgb_of(raster: PackedImage | PlanarImage) -> np.ndarray:
    """Returns an image as RGB; of planes, what a JPEG reader would show."""
    if isinstance(raster, PackedImage):
        return raster.pixels
    size = (raster.width, raster.height)
    chroma = [
        Image.fromarray(plane).resize(size, Image.Resampling.BILINEAR)
        for plane in (raster.cb, raster.cr)
    ]
    merged = Image.merge("YCbCr", [Image.fromarray(np.ascontiguousarray(raster.y)), *chroma])
    return np.asarray(merged.convert("RGB"))
