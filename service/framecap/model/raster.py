"""Finished pixels, ready for an encoder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Bytes: TypeAlias = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlanarImage:
    """Full-range YCbCr in JFIF's matrix (BT.601), 4:2:0, chroma sited between luma samples.

    Planes are of shape (rows, columns); rows may be padded, columns are adjacent. Chroma has half
    the columns and rows of luma, rounded up.
    """

    y: Bytes
    """Luma."""

    cb: Bytes
    """Blue difference; 128 is neutral."""

    cr: Bytes
    """Red difference; 128 is neutral."""

    @property
    def width(self) -> int:
        """Width in pixels."""
        return int(self.y.shape[1])

    @property
    def height(self) -> int:
        """Height in pixels."""
        return int(self.y.shape[0])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PackedImage:
    """Full-range RGB or RGBA, alpha not premultiplied."""

    pixels: Bytes
    """Shape (rows, columns, 3 or 4), without padding."""

    @property
    def width(self) -> int:
        """Width in pixels."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Height in pixels."""
        return int(self.pixels.shape[0])


Raster: TypeAlias = PlanarImage | PackedImage
