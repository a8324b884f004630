import numpy as np
import numpy.typing as npt

from framecap.model.media import Plane

def tone_map(
    first: Plane,
    second: Plane,
    third: Plane,
    dst: npt.NDArray[np.uint8],
    coefficients: npt.NDArray[np.int32],
    biases: npt.NDArray[np.int64],
    shift: int,
    light: npt.NDArray[np.int32],
    gamut: npt.NDArray[np.int32],
    display: npt.NDArray[np.uint32],
    dimming: npt.NDArray[np.uint32],
) -> None:
    """Fills `dst`, of shape (3, rows, columns), with red, green and blue."""
