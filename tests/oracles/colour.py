"""What colour conversion is, in floating point and without regard to speed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from framecap.model.media import Matrix, Model, PixelLayout

Floats = npt.NDArray[np.float64]

# The luma shares of red and blue, from the recommendations' own tables.
SHARES = {
    Matrix.BT601: (0.299, 0.114),
    Matrix.BT709: (0.2126, 0.0722),
    Matrix.BT2020: (0.2627, 0.0593),
    Matrix.SMPTE240M: (0.212, 0.087),
    Matrix.FCC: (0.30, 0.11),
}


def mixed(
    planes: npt.NDArray[np.int64],
    coefficients: npt.NDArray[np.int64],
    bias: int,
    shift: int,
) -> npt.NDArray[np.int64]:
    """Returns a combination of planes in fixed point, as 8 bits."""
    sums = np.tensordot(coefficients, planes, 1) + bias
    return np.clip(np.floor_divide(sums, 2**shift), 0, 255)


def halved(plane: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """Returns the averages of 2x2 samples; an odd last row or column counts twice."""
    even = np.pad(plane, [(0, side % 2) for side in plane.shape], mode="edge").astype(np.int64)
    sums = even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]
    return np.floor_divide(sums + 2, 4)


def rgb(samples: tuple[int, int, int], layout: PixelLayout) -> Floats:
    """Returns the colour of one pixel, 0..1 each, without clipping."""
    most = 2**layout.depth - 1
    if layout.model is Model.RGB:
        return np.array(samples) / most
    y, cb, cr = samples
    if layout.full_range:
        luma, blue_difference, red_difference = (
            y / most,
            (cb - 2 ** (layout.depth - 1)) / most,
            (cr - 2 ** (layout.depth - 1)) / most,
        )
    else:
        unit = 2 ** (layout.depth - 8)
        luma = (y / unit - 16) / 219
        blue_difference, red_difference = (cb / unit - 128) / 224, (cr / unit - 128) / 224
    share_of_red, share_of_blue = SHARES[layout.matrix]
    red = luma + 2 * (1 - share_of_red) * red_difference
    blue = luma + 2 * (1 - share_of_blue) * blue_difference
    green = (luma - share_of_red * red - share_of_blue * blue) / (1 - share_of_red - share_of_blue)
    return np.array([red, green, blue])


def jfif(colour: Floats) -> Floats:
    """Returns the Y, Cb, Cr of a colour as a JPEG holds them, without rounding."""
    red, green, blue = 255 * colour
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    return np.array([luma, (blue - luma) / 1.772 + 128, (red - luma) / 1.402 + 128])
