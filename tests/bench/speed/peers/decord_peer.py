"""decord: frames by number, found by its own list of times."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import decord
import numpy as np

SLACK_S = 0.0005
"""Its times are floats."""


def pictures(path: str, instants: list[float]) -> Iterator[Any]:
    """Yields the frames on screen at instants."""
    reader = decord.VideoReader(path, num_threads=0)
    begins = reader.get_frame_timestamp(range(len(reader)))[:, 0]
    wanted = [float(begins[0]) + at + SLACK_S for at in instants]
    for number in np.searchsorted(begins, wanted, side="right") - 1:
        yield reader[int(number)].asnumpy()
