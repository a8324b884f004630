"""The decoder's buffers: what may be read, and that nothing is copied."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from framecap.model.media import Siting
from framecap.model.plan import Size
from framecap.model.raster import PackedImage, Raster
from framecap.model.spec import Box, ImageFormat, ScaleType
from framecap.pixels.render import render
from framecap.plan.geometry import fit_box
from oracles.pictures import noise, noisy, picture, shapes
from support.pixels.layouts import LAYOUTS, YUV420

SIZES = [(37, 23), (36, 22), (5, 3), (80, 64), (1, 1)]


def arrays(raster: Raster) -> list[np.ndarray]:
    if isinstance(raster, PackedImage):
        return [raster.pixels]
    return [raster.y, raster.cb, raster.cr]


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("scale_type", ScaleType)
@pytest.mark.parametrize("format", ImageFormat)
def test_padding_is_never_seen(name: str, scale_type: ScaleType, format: ImageFormat) -> None:
    layout = LAYOUTS[name]
    padded = noisy(37, 23, layout)
    bare = picture([plane.copy() for plane in padded.planes], layout)
    upwards = picture([plane[::-1].copy()[::-1] for plane in padded.planes], layout)
    for size in SIZES:
        geometry = fit_box(Size(37, 23), Box(width=size[0], height=size[1]), scale_type)
        expected = arrays(render(bare, geometry, format))
        for source in (padded, upwards):
            for ours, theirs in zip(
                arrays(render(source, geometry, format)), expected, strict=True
            ):
                np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("format", ImageFormat)
def test_the_smallest_picture_is_a_picture(name: str, format: ImageFormat) -> None:
    source = noisy(1, 1, LAYOUTS[name])
    for size in ((1, 1), (2, 3), (32, 33)):
        geometry = fit_box(Size(1, 1), Box(width=size[0], height=size[1]), ScaleType.STRETCH)
        raster = render(source, geometry, format)
        assert (raster.width, raster.height) == size


@pytest.mark.parametrize("size", SIZES)
def test_planes_have_the_sizes_a_jpeg_needs(size: tuple[int, int]) -> None:
    geometry = fit_box(Size(40, 30), Box(width=size[0], height=size[1]), ScaleType.STRETCH)
    half = ((size[1] + 1) // 2, (size[0] + 1) // 2)
    for layout in LAYOUTS.values():
        planes = arrays(render(noisy(40, 30, layout), geometry, ImageFormat.JPG))
        assert [plane.shape for plane in planes] == [size[::-1], half, half]
        assert all(plane.dtype == np.uint8 and plane.strides[1] == 1 for plane in planes)


def test_a_picture_that_is_a_jpegs_already_is_not_copied() -> None:
    layout = replace(YUV420, full_range=True, siting=Siting.CENTER)
    source = noisy(40, 30, layout)
    geometry = fit_box(Size(40, 30), Box(), ScaleType.FIT)
    for ours, theirs in zip(
        arrays(render(source, geometry, ImageFormat.JPG)), source.planes, strict=True
    ):
        assert np.shares_memory(ours, theirs)
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("format", ImageFormat)
@pytest.mark.parametrize("name", LAYOUTS)
def test_the_source_is_left_as_it_was(name: str, format: ImageFormat) -> None:
    layout = LAYOUTS[name]
    source = noisy(37, 23, layout)
    for plane in source.planes:
        plane.setflags(write=False)
    for scale_type in ScaleType:
        render(source, fit_box(Size(37, 23), Box(width=40, height=50), scale_type), format)
    for index, shape in enumerate(shapes(37, 23, layout)):
        np.testing.assert_array_equal(source.planes[index], noise(*shape, layout.depth, index))


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_cropped_picture_is_the_middle_of_the_scaled_one(name: str) -> None:
    source = noisy(37, 23, LAYOUTS[name])
    crop = fit_box(Size(37, 23), Box(width=33, height=48), ScaleType.CROP)
    scaled = fit_box(
        Size(37, 23), Box(width=crop.scaled.width, height=crop.scaled.height), ScaleType.STRETCH
    )
    part = render(source, crop, ImageFormat.PNG)
    whole = render(source, scaled, ImageFormat.PNG)
    assert isinstance(part, PackedImage) and isinstance(whole, PackedImage)
    left, top = crop.crop.x, crop.crop.y
    np.testing.assert_array_equal(part.pixels, whole.pixels[top : top + 48, left : left + 33])
