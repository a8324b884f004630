import numpy as np
import numpy.typing as npt

from framecap.model.media import Plane

def cell_sums(plane: Plane) -> npt.NDArray[np.int64]:
    """Returns the sums over a plane's cells, 8 rows of 9."""

def difference_bits(sums: npt.NDArray[np.int64]) -> int:
    """Returns 64 bits, row by row, the first the highest: 1 where the right cell is larger."""

def changed_bits(first: int, second: int) -> int:
    """Returns how many bits differ."""
