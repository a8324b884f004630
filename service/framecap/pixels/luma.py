"""The luma of a picture as stored."""

from __future__ import annotations

from typing import cast

import numpy as np

from framecap.model.media import Model, Picture, Plane
from framecap.pixels.colour import luma_shares


def luma(picture: Picture) -> Plane:
    """Returns the luma plane: shape (rows, columns), read-only, rows may be padded.

    RGB is weighted by its matrix, rounded half up, at its own depth.
    """
    first = picture.planes[0]
    if picture.layout.model is not Model.RGB:
        view = first.view()
    else:
        total = np.full(first.shape, 0.5)
        shares = luma_shares(picture.layout.matrix)
        for share, plane in zip(shares, picture.planes[:3], strict=True):
            total += float(share) * plane
        view = cast("Plane", total.astype(first.dtype))
    view.flags.writeable = False
    return view
