import numpy as np
import numpy.typing as npt

from framecap.model.media import Plane

def resample(
    source: Plane,
    target: Plane,
    row_starts: npt.NDArray[np.int32],
    row_weights: npt.NDArray[np.int16],
    row_span: int,
    column_starts: npt.NDArray[np.int32],
    column_weights: npt.NDArray[np.int16],
    column_span: int,
    depth: int,
) -> None:
    """Fills `target` with weighted sums of `source`'s samples."""
