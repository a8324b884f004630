"""What tone mapping is, in floating point and straight from the formulas.

PQ is SMPTE ST 2084, HLG is ARIB STD-B67 with a power of 1.2 on each colour as zimg has it where
approximations are allowed. 1 is 100 cd/m². Primaries are those of BT.2020 and BT.709, the curve is
John Hable's with a peak of 1000 cd/m², the display's gamma 2.4.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from framecap.model.media import PixelLayout, Transfer
from oracles import colour

Floats = npt.NDArray[np.float64]

PEAK = 10.0
HIGHEST_SIGNAL = 1.25


def levels(samples: tuple[npt.ArrayLike, ...], layout: PixelLayout) -> Floats:
    """Returns red, green and blue, 0..255 each and without rounding, of stored samples."""
    planes = tuple(np.asarray(plane, np.float64) for plane in samples)
    signal = np.clip(colour.rgb(planes, layout), 0, HIGHEST_SIGNAL)
    light = to_bt709(linear(signal, layout.transfer))
    brightest = np.maximum(light.max(axis=0), 1e-6)
    shown = light * (hable(brightest) / hable(PEAK) / brightest)
    return 255 * np.clip(np.maximum(shown, 0) ** (1 / 2.4), 0, 1)


def linear(signal: Floats, transfer: Transfer) -> Floats:
    """Returns the light of signals; PQ ends at 10 000 cd/m²."""
    if transfer is Transfer.PQ:
        m1, m2 = 2610 / 16384, 2523 / 4096 * 128
        c1, c2, c3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
        root = np.minimum(signal, 1) ** (1 / m2)
        return 100 * (np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1)
    a = 0.17883277
    b = 1 - 4 * a
    c = 0.5 - a * np.log(4 * a)
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
    return 10 * scene**1.2


def to_bt709(light: Floats) -> Floats:
    """Returns light of BT.2020's primaries in those of BT.709; what those lack is negative."""
    wide = to_xyz((0.708, 0.292), (0.170, 0.797), (0.131, 0.046))
    narrow = to_xyz((0.640, 0.330), (0.300, 0.600), (0.150, 0.060))
    return np.tensordot(np.linalg.solve(narrow, wide), light, 1)


def to_xyz(*primaries: tuple[float, float]) -> Floats:
    """Returns the matrix of primaries whose white is D65."""
    columns = np.array([[x / y, 1, (1 - x - y) / y] for x, y in primaries]).T
    white = np.array([0.3127 / 0.3290, 1, (1 - 0.3127 - 0.3290) / 0.3290])
    return columns * np.linalg.solve(columns, white)


def hable(light: Floats | float) -> Floats:
    """Returns Hable's filmic curve."""
    a, b, c, d, e, f = 0.15, 0.50, 0.10, 0.20, 0.02, 0.30
    x = np.asarray(light)
    return (x * (a * x + c * b) + d * e) / (x * (a * x + b) + d * f) - e / f
