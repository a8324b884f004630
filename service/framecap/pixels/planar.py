"""The finished pixels of a JPEG."""

from __future__ import annotations

import numpy as np

from framecap._kernels import colour as kernels
from framecap.model.media import Model, Picture, Plane
from framecap.model.plan import Geometry
from framecap.model.raster import Bytes, PlanarImage
from framecap.pixels.colour import Mix, to_jfif

NEUTRAL = 128


def planar(picture: Picture, geometry: Geometry) -> PlanarImage:
    """Returns an upright picture in JFIF's YCbCr, on the canvas."""
    mix = to_jfif(picture.layout)
    if picture.layout.model is Model.GRAY:
        return _gray(picture, geometry, mix)
    if picture.layout.chroma_shift_x:
        return _subsampled(picture, mix)
    return _full(picture, geometry, mix)


def _gray(picture: Picture, geometry: Geometry, mix: Mix) -> PlanarImage:
    y = np.zeros((geometry.canvas.height, geometry.canvas.width), np.uint8)
    kernels.rescale(
        picture.planes[0],
        _content(y, geometry),
        int(mix.coefficients[0, 0]),
        int(mix.biases[0]),
        mix.shift,
    )
    chroma = np.full(_half_shape(y), NEUTRAL, np.uint8)
    return PlanarImage(y=y, cb=chroma, cr=chroma)


def _subsampled(picture: Picture, mix: Mix) -> PlanarImage:
    """Converts luma and chroma at their own sizes. Luma needs chroma when matrices differ."""
    luma, cb, cr = picture.planes
    if luma.dtype == np.uint8 and mix.leaves:
        return PlanarImage(y=_bytes(luma), cb=_bytes(cb), cr=_bytes(cr))
    y = np.empty(luma.shape, np.uint8)
    row, bias = mix.coefficients[0], int(mix.biases[0])
    if row[1] or row[2]:
        kernels.mix_luma(luma, cb, cr, y, row, bias, mix.shift)
    else:
        kernels.rescale(luma, y, int(row[0]), bias, mix.shift)
    chroma = []
    for index in (1, 2):
        plane = np.empty(cb.shape, np.uint8)
        pair = np.ascontiguousarray(mix.coefficients[index, 1:])
        kernels.mix_pair(cb, cr, plane, pair, int(mix.biases[index]), mix.shift)
        chroma.append(plane)
    return PlanarImage(y=y, cb=chroma[0], cr=chroma[1])


def _full(picture: Picture, geometry: Geometry, mix: Mix) -> PlanarImage:
    """Converts on the whole canvas at full size, then halves chroma."""
    canvas = np.empty((3, geometry.canvas.height, geometry.canvas.width), np.uint8)
    if geometry.canvas != geometry.content:
        canvas[0], canvas[1:] = 0, NEUTRAL
    first, second, third = picture.planes
    left, top = geometry.pad.x, geometry.pad.y
    rows, columns = first.shape
    dst = canvas[:, top : top + rows, left : left + columns]
    kernels.mix(first, second, third, dst, mix.coefficients, mix.biases, mix.shift)
    return PlanarImage(y=canvas[0], cb=_halved(canvas[1]), cr=_halved(canvas[2]))


def _content(canvas: Bytes, geometry: Geometry) -> Bytes:
    left, top = geometry.pad.x, geometry.pad.y
    return canvas[top : top + geometry.content.height, left : left + geometry.content.width]


def _halved(plane: Bytes) -> Bytes:
    half = np.empty(_half_shape(plane), np.uint8)
    kernels.halve(plane, half)
    return half


def _half_shape(plane: Bytes) -> tuple[int, int]:
    return (plane.shape[0] + 1) // 2, (plane.shape[1] + 1) // 2


def _bytes(plane: Plane) -> Bytes:
    return plane.view(np.uint8)
