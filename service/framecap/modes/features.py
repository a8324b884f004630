"""Features of frames, by which samples are compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from framecap.model.media import Frame

FeatureOf: TypeAlias = Callable[[Frame], Any]
"""Returns the feature of a frame, computed in the thread that decoded it."""

Luma: TypeAlias = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]
"""A frame's luma as decoded and cropped: shape (rows, columns), read-only, rows may be padded."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MeasuredFrame:
    """A frame as a measure sees it, with its picture."""

    luma: Luma = field(repr=False)
    """The luma."""

    depth: int
    """Significant bits of a sample of the luma."""

    media_time: Fraction
    """When the frame appears, in seconds, exact."""

    keyframe: bool
    """True for a keyframe."""

    dhash: int
    """The difference hash of the luma."""


class Measure(Protocol):
    """Computes a feature of a frame, in any thread."""

    def __call__(self, frame: MeasuredFrame) -> Any:
        """Returns the feature of a frame, anything but None. It must not keep the luma."""
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

    first_passes: bool = True
    """True when a sample without reference may be chosen whatever its score."""

    since_captured: bool = False
    """True when the reference is the last sample that passed, not the one before."""
