"""The finished pixels of a PNG."""

from __future__ import annotations

import numpy as np

from framecap._kernels import colour as kernels
from framecap.model.media import Model, Picture
from framecap.model.plan import Geometry
from framecap.model.raster import Bytes, PackedImage
from framecap.pixels.colour import to_bytes, to_rgb

OPAQUE = 255


def packed(picture: Picture, geometry: Geometry) -> PackedImage:
    """Returns an upright picture in RGB, or RGBA where it has alpha, on the canvas.

    Bars are opaque black.
    """
    channels = 4 if picture.layout.alpha else 3
    pixels = np.zeros((geometry.canvas.height, geometry.canvas.width, channels), np.uint8)
    left, top = geometry.pad.x, geometry.pad.y
    content = pixels[top : top + geometry.content.height, left : left + geometry.content.width]
    if picture.layout.model is Model.GRAY:
        _fill_gray(picture, content)
    else:
        _fill_colours(picture, content)
    if picture.layout.alpha:
        pixels[..., 3] = OPAQUE
        _fill_alpha(picture, content)
    return PackedImage(pixels=pixels)


def _fill_gray(picture: Picture, content: Bytes) -> None:
    mix = to_rgb(picture.layout)
    gray = np.empty(content.shape[:2], np.uint8)
    coefficient, bias = int(mix.coefficients[0, 0]), int(mix.biases[0])
    kernels.rescale(picture.planes[0], gray, coefficient, bias, mix.shift)
    content[..., :3] = gray[..., np.newaxis]


def _fill_colours(picture: Picture, content: Bytes) -> None:
    mix = to_rgb(picture.layout)
    first, second, third = picture.planes[:3]
    dst = np.moveaxis(content[..., :3], 2, 0)
    kernels.mix(first, second, third, dst, mix.coefficients, mix.biases, mix.shift)


def _fill_alpha(picture: Picture, content: Bytes) -> None:
    mix = to_bytes(picture.layout)
    coefficient, bias = int(mix.coefficients[0, 0]), int(mix.biases[0])
    kernels.rescale(picture.planes[-1], content[..., 3], coefficient, bias, mix.shift)
