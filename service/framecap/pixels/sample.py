"""Sampling of planes: from a picture's size to an image's size."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from framecap._kernels.resample import AxisTaps, resample
from framecap.model.media import Plane
from framecap.model.spec import ShrinkFilter
from framecap.pixels.axis import taps
from framecap.pixels.window import Window


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """Takes a region of a plane unchanged."""

    region: tuple[slice, slice]
    """Rows and columns."""

    def __call__(self, plane: Plane, depth: int) -> Plane:
        """Returns a view on the plane."""
        return plane[self.region]


@dataclass(frozen=True, slots=True, eq=False)
class Resampling:
    """Makes a plane of another size."""

    down: AxisTaps
    """The weights of rows."""

    across: AxisTaps
    """The weights of columns."""

    shape: tuple[int, int]
    """Rows and columns of the result."""

    def __call__(self, plane: Plane, depth: int) -> Plane:
        """Returns a new plane, in the plane's type and depth."""
        dst = np.empty(self.shape, plane.dtype)
        resample(plane, dst, self.down, self.across, depth)
        return dst


@lru_cache(maxsize=64)
def sampler(window: Window, shrink: ShrinkFilter) -> View | Resampling:
    """Returns the sampler of a window. Cached: all frames of a capture share it."""
    if window.whole:
        top, left = int(window.rows.start), int(window.columns.start)
        rows, columns = (
            slice(top, top + window.rows.count),
            slice(left, left + window.columns.count),
        )
        return View((rows, columns))
    return Resampling(
        taps(window.rows, shrink).kernel,
        taps(window.columns, shrink).kernel,
        (window.rows.count, window.columns.count),
    )


def sample(plane: Plane, window: Window, depth: int, shrink: ShrinkFilter) -> Plane:
    """Returns a window of a plane, in the plane's type and depth.

    It is a view on the plane if each result is one of its samples, else a new plane.
    """
    return sampler(window, shrink)(plane, depth)
