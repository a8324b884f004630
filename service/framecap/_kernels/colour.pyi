import numpy as np
import numpy.typing as npt

from framecap.model.media import Plane

def rescale(
    plane: Plane, dst: npt.NDArray[np.uint8], coefficient: int, bias: int, shift: int
) -> None:
    """Fills `dst`, whose columns may stand apart, with one plane's samples rescaled."""

def mix_luma(
    y_plane: Plane,
    cb_plane: Plane,
    cr_plane: Plane,
    dst: npt.NDArray[np.uint8],
    coefficients: npt.NDArray[np.int32],
    bias: int,
    shift: int,
) -> None:
    """Fills `dst` with luma mixed with chroma of half its columns and rows."""

def mix_pair(
    first: Plane,
    second: Plane,
    dst: npt.NDArray[np.uint8],
    coefficients: npt.NDArray[np.int32],
    bias: int,
    shift: int,
) -> None:
    """Fills `dst` with a combination of two planes."""

def mix(
    first: Plane,
    second: Plane,
    third: Plane,
    dst: npt.NDArray[np.uint8],
    coefficients: npt.NDArray[np.int32],
    biases: npt.NDArray[np.int32],
    shift: int,
) -> None:
    """Fills `dst[k]` with the k-th combination of three planes; columns may stand apart."""

def halve(plane: npt.NDArray[np.uint8], dst: npt.NDArray[np.uint8]) -> None:
    """Fills `dst` with the averages of 2x2 samples; an odd last column or row counts twice."""
