import numpy as np
import numpy.typing as npt

from framecap.model.media import Plane

class AxisTaps:
    """The weights of one axis, checked once for all planes that are resampled with them."""

    def __init__(
        self, starts: npt.NDArray[np.int32], weights: npt.NDArray[np.int16], span: int
    ) -> None: ...

def resample(source: Plane, dst: Plane, down: AxisTaps, across: AxisTaps, depth: int) -> None:
    """Fills `dst` with weighted sums of `source`'s samples."""
