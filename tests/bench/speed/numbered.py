"""A frame's number, drawn into its picture so that it survives cropping, shrinking and JPEG.

Ten squares in a row on a black bar in the middle, white for a one, lowest bit first. It tells which
frame a picture shows without trusting anybody's times.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

Luma = npt.NDArray[np.uint8]

BITS: Final = 10
COUNT: Final = 1 << BITS
"""Numbers start again after so many frames."""

# In parts of a picture's height, from its middle.
SQUARE: Final = 64 / 1080
BAR: Final = (704 / 1080, 96 / 1080)


def drawing(width: int, height: int) -> str:
    """Returns FFmpeg's filters that draw the numbers 0, 1, 2 … into frames of this size."""
    wide, high = (round(part * height) for part in BAR)
    side = round(SQUARE * height)
    box = "drawbox=x={}:y={}:w={}:h={}:c={}:t=fill"
    parts = [box.format((width - wide) // 2, (height - high) // 2, wide, high, "black")]
    for bit in range(BITS):
        left, top = width // 2 + (bit - BITS // 2) * side, (height - side) // 2
        square = box.format(left, top, side, side, "white")
        # The bit is set in the upper half of each period.
        parts.append(f"{square}:enable='gte(mod(n,{2 << bit}),{1 << bit})'")
    return ",".join(parts)


def number(luma: Luma) -> int | None:
    """Returns the number in a picture of the source's shape, or of its middle at any crop.

    None where the squares are neither black nor white, as in a picture without a number.
    """
    height, width = luma.shape
    # A cropped or stretched picture shows the whole height: sizes are in parts of that.
    side = SQUARE * height
    found = 0
    for bit in range(BITS):
        x = width / 2 + (bit - BITS // 2 + 0.5) * side
        access_modes = max(1, int(side / 4))
        row, column = height // 2, int(x)
        patch = luma[
            row - access_modes : row + access_modes, column - access_modes : column + access_modes
        ]
        level = float(patch.mean())
        if 96 < level < 160:
            return None
        found |= (level >= 160) << bit
    return found
