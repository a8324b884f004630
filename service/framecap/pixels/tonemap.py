"""Tone mapping from high dynamic range (HDR) to standard dynamic range (SDR)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from framecap._kernels.colour import rescale
from framecap._kernels.tonemap import tone_map as map_tones
from framecap.model.media import Model, Picture, PixelLayout, Plane, Transfer
from framecap.model.plan import Geometry
from framecap.model.spec import ShrinkFilter
from framecap.pixels.colour import to_bytes, to_signal
from framecap.pixels.gamut import gamut_factors
from framecap.pixels.levels import plane_count
from framecap.pixels.light import dimming_table, display_table, light_table


def tone_map(picture: Picture, geometry: Geometry, shrink: ShrinkFilter) -> Picture:
    """Returns the picture in 8-bit SDR RGB; an SDR picture unchanged.

    All planes must have one size. Tone mapping comes after scaling, when there are fewer pixels.
    HDR signals are about as perceptually uniform as SDR ones: on film the result is four times
    nearer to scaling after tone mapping than scaling of linear light would be.
    """
    layout = picture.layout
    if layout.transfer is Transfer.SDR:
        return picture
    colours = picture.planes[: plane_count(layout)]
    first, second, third = colours if len(colours) == 3 else colours * 3
    dst = np.empty((3, *first.shape), np.uint8)
    signal = to_signal(layout)
    map_tones(
        first,
        second,
        third,
        dst,
        signal.coefficients,
        signal.biases,
        signal.shift,
        light_table(layout.transfer),
        gamut_factors(),
        display_table(),
        dimming_table(),
    )
    alpha = (_bytes(picture.planes[-1], layout),) if layout.alpha else ()
    shown = PixelLayout(model=Model.RGB, depth=8, alpha=layout.alpha, full_range=True)
    return replace(picture, planes=(*dst, *alpha), layout=shown)


def _bytes(alpha: Plane, layout: PixelLayout) -> Plane:
    mix = to_bytes(layout)
    result = np.empty(alpha.shape, np.uint8)
    rescale(alpha, result, int(mix.coefficients[0, 0]), int(mix.biases[0]), mix.shift)
    return result
