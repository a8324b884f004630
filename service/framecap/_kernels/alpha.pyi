import numpy as np
import numpy.typing as npt

from framecap.model.media import Plane

def flatten(plane: Plane, alpha: Plane, dst: Plane, black: int, depth: int) -> None:
    """Fills `dst` with what is seen of `plane` before black."""

def weigh(plane: Plane, alpha: Plane, dst: npt.NDArray[np.uint16], depth: int) -> None:
    """Fills `dst` with `plane` times `alpha`, in 15 bits."""

def unweigh(
    weighed: npt.NDArray[np.uint16],
    alpha: npt.NDArray[np.uint16],
    dst: Plane,
    black: int,
    depth: int,
) -> None:
    """Fills `dst` with `weighed` over `alpha`, both in 15 bits; black where alpha is 0."""
