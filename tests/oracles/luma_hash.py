"""The difference hash of a decoded frame's luma, as the contract words it.

9 x 8 cells by exact overlap sums, bit = right > left, equal = 0, row by row, first bit highest.
"""

from __future__ import annotations

import av
import numpy as np
import numpy.typing as npt

COLUMNS, ROWS = 9, 8


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
    cells = _cells(_cells(samples, ROWS).T, COLUMNS).T
    bits = np.packbits(cells[:, 1:] > cells[:, :-1])
    return int.from_bytes(bits.tobytes(), "big")


def _cells(samples: npt.NDArray[np.generic], count: int) -> npt.NDArray[np.int64]:
    """Returns the sums over `count` equal parts of the first axis.

    In units of 1/count of a sample, sample i is [i * count, (i + 1) * count) and part c is
    [c * length, (c + 1) * length); a sample counts as often as the two overlap.
    """
    length = len(samples)
    sums = []
    for low in range(0, count * length, length):
        high = low + length
        first, last = -(-low // count), high // count
        if first > last:
            sums.append(length * samples[last].astype(np.int64))
            continue
        total = count * samples[first:last].sum(axis=0, dtype=np.int64)
        if low < first * count:
            total += (first * count - low) * samples[first - 1].astype(np.int64)
        if last * count < high:
            total += (high - last * count) * samples[last].astype(np.int64)
        sums.append(total)
    return np.stack(sums)
