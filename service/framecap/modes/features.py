"""Features of frames, by which samples are compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from framecap.model.media import Frame

FeatureOf: TypeAlias = Callable[[Frame], Any]
"""Returns the feature of a frame, computed in the thread that decoded it."""

Luma: TypeAlias = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]
"""A frame's luma as decoded and cropped: shape (rows, columns), read-only, rows may be padded."""


class Measure(Protocol):
    """Computes a feature of a picture, in any thread."""

    def __call__(self, luma: Luma) -> float:
        """Returns the feature of a luma plane."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The comparison of a sample with its reference, and the condition to pass."""

    measure: Measure | None
    """Computes the feature; None for the difference hash, which every frame has."""

    score: Callable[[Any, Any | None], float]
    """Returns the score of a sample from its feature and its reference's; None is no reference."""

    passes: Callable[[float], bool]
    """Returns whether a sample with that score may be chosen."""

    since_captured: bool = False
    """True when the reference is the last sample that passed, not the one before."""
