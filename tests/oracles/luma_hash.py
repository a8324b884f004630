"""The difference hash of a decoded frame's luma, as the contract words it.

9 x 8 cells by exact overlap sums, bit = right > left, equal = 0, row by row, first bit highest.
"""

from __future__ import annotations

import functools

import av
import numpy as np
import numpy.typing as npt

COLUMNS, ROWS = 9, 8
EXACT_BELOW = 2**53


def luma(frame: av.VideoFrame) -> npt.NDArray[np.generic]:
    """Returns the stored luma samples, without the padding of their rows."""
    component = frame.format.components[0]
    planar = component.is_luma and len(frame.planes) > 1
    if not (planar or frame.format.name.startswith("gray")):
        raise TypeError(f"{frame.format.name} does not store luma in a plane of its own")
    plane = frame.planes[component.plane]
    width_of_sample = 1 if component.bits <= 8 else 2
    order = ">" if frame.format.is_big_endian else "<"
    rows = np.frombuffer(plane, np.dtype(f"{order}u{width_of_sample}"))
    return rows.reshape(frame.height, plane.line_size // width_of_sample)[:, : frame.width]


def difference_hash(samples: npt.NDArray[np.generic]) -> int:
    """Returns the 64 bits of a picture's luma."""
    height, width = samples.shape
    # Every product and sum is a whole number, and none exceeds a cell's area times the largest
    # sample, so floating point is exact here in whatever order the sums are taken.
    assert height * width * np.iinfo(samples.dtype).max < EXACT_BELOW
    sums = _overlaps(height, ROWS) @ samples.astype(np.float64) @ _overlaps(width, COLUMNS).T
    bits = np.packbits(sums[:, 1:] > sums[:, :-1])
    return int.from_bytes(bits.tobytes(), "big")


@functools.cache
def _overlaps(samples: int, cells: int) -> npt.NDArray[np.float64]:
    """Returns how much of each sample each cell covers, in units of 1/cells of a sample.

    In that unit sample i is [i*cells, (i+1)*cells) and cell c is [c*samples, (c+1)*samples).
    """
    weights = np.zeros((cells, samples))
    for cell in range(cells):
        low, high = cell * samples, (cell + 1) * samples
        for sample in range(low // cells, -(-high // cells)):
            begin, end = sample * cells, (sample + 1) * cells
            weights[cell, sample] = min(end, high) - max(begin, low)
    return weights
