"""What a picture would be by Lanczos with three lobes, in floats."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def lanczos(plane: npt.NDArray[np.uint8], width: int, height: int) -> Floats:
    """Returns a plane made smaller, not rounded. Edges are repeated."""
    rows, columns = plane.shape
    return _weights(rows, height) @ plane.astype(np.float64) @ _weights(columns, width).T


def psnr(plane: npt.NDArray[np.generic], reference: Floats) -> float:
    """Returns the peak signal to noise ratio in decibels; 99 where nothing differs by a level."""
    error = float(np.square(plane.astype(np.float64) - reference).mean())
    return min(99.0, 10 * np.log10(255**2 / max(error, 1e-9)))


def _weights(length: int, count: int) -> Floats:
    step = length / count
    access_modes = int(3 * step) + 2
    result = np.zeros((count, length))
    for index in range(count):
        middle = (index + 0.5) * step
        samples = np.arange(int(middle) - access_modes, int(middle) + access_modes + 1)
        x = (samples + 0.5 - middle) / step
        weights = np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0)
        np.add.at(result[index], np.clip(samples, 0, length - 1), weights / weights.sum())
    return result
