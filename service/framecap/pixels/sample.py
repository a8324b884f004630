"""Planes of an image's size out of planes of a picture's size."""

from __future__ import annotations

import numpy as np

from framecap._kernels.resample import resample
from framecap.model.media import Plane
from framecap.pixels.axis import taps
from framecap.pixels.window import Window


def sample(plane: Plane, window: Window, depth: int) -> Plane:
    """Returns a window of a plane, in the plane's type and depth.

    It is a view on the plane where each result is one of its samples, else a plane of its own.
    """
    if window.whole:
        top, left = int(window.rows.start), int(window.columns.start)
        return plane[top : top + window.rows.count, left : left + window.columns.count]
    rows, columns = taps(window.rows), taps(window.columns)
    target = np.empty((window.rows.count, window.columns.count), plane.dtype)
    resample(plane, target, rows.kernel, columns.kernel, depth)
    return target
