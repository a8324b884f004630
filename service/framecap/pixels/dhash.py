"""The difference hash of a picture as stored."""

from __future__ import annotations

from typing import Final

from framecap._kernels import dhash as kernels
from framecap.model.media import Model, Picture
from framecap.pixels.colour import luma_shares

SHARE_UNIT: Final = 10_000
"""Makes every matrix's shares of red, green and blue whole."""


def dhash(picture: Picture) -> int:
    """Returns 64 bits: whether each of 9 x 8 cells is darker than the one to its right.

    Row by row, the first bit the highest. Cells are compared by exact sums of luma as it was
    decoded; RGB is weighted by its matrix, which may be done on the sums because they are exact.
    """
    if picture.layout.model is not Model.RGB:
        return kernels.difference_bits(kernels.cell_sums(picture.planes[0]))
    shares = (int(share * SHARE_UNIT) for share in luma_shares(picture.layout.matrix))
    red, green, blue = (
        share * kernels.cell_sums(plane)
        for share, plane in zip(shares, picture.planes[:3], strict=True)
    )
    return kernels.difference_bits(red + green + blue)
