"""Bars around a picture that does not fill its box."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from framecap.formats.encode import encode
from framecap.model.media import Model, PixelLayout
from framecap.model.raster import PackedImage, PlanarImage
from framecap.model.spec import Box, ImageFormat, ScaleType
from framecap.pixels.render import render
from framecap.plan.geometry import display_size, fit_box
from oracles.pictures import ORIENTATIONS, plain
from support.pixels.layouts import LAYOUTS

BOXES = [(64, 96), (96, 33), (33, 64), (40, 40)]


def bright(layout: PixelLayout) -> list[int]:
    """Returns samples of a colour far from black in every plane, opaque."""
    unit = 1 << (layout.depth - 8)
    colour = [200 * unit] if layout.model is Model.GRAY else [200 * unit, 90 * unit, 180 * unit]
    return colour + [(1 << layout.depth) - 1] * layout.alpha


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("box", BOXES)
def test_bars_are_exactly_black(name: str, box: tuple[int, int]) -> None:
    for orientation in ORIENTATIONS:
        source = plain(48, 30, LAYOUTS[name], bright(LAYOUTS[name]), orientation)
        shown = display_size(48, 30, source.sample_aspect_ratio, orientation)
        geometry = fit_box(shown, Box(width=box[0], height=box[1]), ScaleType.FILL)
        content = np.zeros((box[1], box[0]), bool)
        left, top = geometry.pad.x, geometry.pad.y
        content[top : top + geometry.content.height, left : left + geometry.content.width] = True
        assert not content.all()

        png = render(source, geometry, ImageFormat.PNG)
        assert isinstance(png, PackedImage)
        assert (png.pixels[~content][:, :3] == 0).all()
        assert (png.pixels[~content][:, 3:] == 255).all()
        assert (png.pixels[content][:, 0] > 100).all()

        jpg = render(source, geometry, ImageFormat.JPG)
        assert isinstance(jpg, PlanarImage)
        assert (jpg.y[~content] == 0).all()
        assert (jpg.y[content] > 100).all()
        touched = np.pad(content, [(0, side % 2) for side in content.shape], mode="edge")
        touched = touched.reshape(-(-box[1] // 2), 2, -1, 2).any((1, 3))
        assert (jpg.cb[~touched] == 128).all() and (jpg.cr[~touched] == 128).all()


def test_bars_of_a_file_are_black_too() -> None:
    """The JPEG's own blocks end where bars end here, so compression has nothing to blur.

    Readers do: they blend chroma over the pixel next to another chroma sample.
    """
    source = plain(64, 32, LAYOUTS["yuv420p"], [180, 90, 200])
    geometry = fit_box(
        display_size(64, 32, source.sample_aspect_ratio, source.orientation),
        Box(width=64, height=96),
        ScaleType.FILL,
    )
    for format in ImageFormat:
        data = encode(render(source, geometry, format), format)
        image = np.asarray(Image.open(io.BytesIO(data)))
        assert (image[:31] == 0).all() and (image[65:] == 0).all()
        assert (image[32:64].max(-1) > 100).all()
