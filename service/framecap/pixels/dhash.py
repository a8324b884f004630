"""The difference hash of a picture as stored."""

from __future__ import annotations

from typing import Final

from framecap._kernels import dhash as kernels
from framecap.model.media import Model, Picture
from framecap.pixels.colour import luma_shares

SHARE_UNIT: Final = 10_000
"""The factor that makes every matrix's shares of red, green and blue integers."""


def dhash(picture: Picture) -> int:
    """Returns the 64-bit hash: a bit is 1 where a cell of a 9 x 8 grid is darker than the next.

    Bits go row by row, the first one highest. Cells are compared by exact sums of the decoded
    luma. RGB is weighted by its matrix; the weights apply to the sums, because they are exact.
    """
    if picture.layout.model is not Model.RGB:
        return kernels.difference_bits(kernels.cell_sums(picture.planes[0]))
    shares = (int(share * SHARE_UNIT) for share in luma_shares(picture.layout.matrix))
    red, green, blue = (
        share * kernels.cell_sums(plane)
        for share, plane in zip(shares, picture.planes[:3], strict=True)
    )
    return kernels.difference_bits(red + green + blue)
