"""Alpha: transparent samples do not count in an average of colours.

Fully transparent samples hold arbitrary colours. An average that counted them would draw a fringe
around every shape, so colours are weighted by their alpha.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from framecap._kernels import alpha as kernels
from framecap.model.media import Picture, PixelLayout, Plane
from framecap.model.plan import Geometry
from framecap.model.spec import ShrinkFilter
from framecap.pixels.axis import Axis
from framecap.pixels.levels import black, is_chroma, plane_count
from framecap.pixels.sample import sample
from framecap.pixels.window import Window


def flatten(picture: Picture, geometry: Geometry, shrink: ShrinkFilter) -> Picture:
    """Returns the picture without alpha, composited over black."""
    layout = picture.layout
    if not layout.alpha:
        return picture
    planes = []
    for index, plane in enumerate(picture.planes[: plane_count(layout)]):
        flat = np.empty(plane.shape, plane.dtype)
        cover = alpha_for(picture, index)
        kernels.flatten(plane, cover, flat, black(layout, index), layout.depth)
        planes.append(flat)
    return replace(picture, planes=tuple(planes), layout=replace(layout, alpha=False))


def alpha_for(picture: Picture, index: int) -> Plane:
    """Returns the alpha of a plane's samples, averaged over luma for subsampled chroma."""
    alpha, layout = picture.planes[-1], picture.layout
    if not is_chroma(layout, index):
        return alpha
    rows, columns = picture.planes[index].shape
    covered = Window(
        Axis(alpha.shape[1], Fraction(0), Fraction(1 << layout.chroma_shift_x), columns),
        Axis(alpha.shape[0], Fraction(0), Fraction(1 << layout.chroma_shift_y), rows),
    )
    return sample(alpha, covered, layout.depth, ShrinkFilter.AREA)


def sample_weighed(
    plane: Plane,
    alpha: Plane,
    window: Window,
    layout: PixelLayout,
    index: int,
    shrink: ShrinkFilter,
) -> Plane:
    """Returns a window of a plane, each sample weighted by its alpha."""
    if window.whole:
        return sample(plane, window, layout.depth, shrink)
    product = np.empty(plane.shape, np.uint16)
    kernels.weigh(plane, alpha, product, layout.depth)
    result = np.empty((window.rows.count, window.columns.count), plane.dtype)
    kernels.unweigh(
        np.ascontiguousarray(sample(product, window, 16, shrink), np.uint16),
        np.ascontiguousarray(sample(_widened(alpha, layout.depth), window, 16, shrink), np.uint16),
        result,
        black(layout, index),
        layout.depth,
    )
    return result


def _widened(alpha: Plane, depth: int) -> npt.NDArray[np.uint16]:
    """Returns alpha in 15 bits, as the products with it are."""
    wide = np.left_shift(alpha, 16 - depth, dtype=np.uint16)
    return np.right_shift(wide, 1, dtype=np.uint16)
