"""Pillow makes images of what the libraries decode."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

QUALITY: Final = 90
GAP: Final = 3.0
"""Lets Pillow first shrink by a whole number, which is quicker and looks the same."""


def write(picture: npt.NDArray[np.uint8], path: Path, size: tuple[int, int], *, crop: bool) -> None:
    """Scales a picture of shape (rows, columns, 3) and writes it as JPEG."""
    image = Image.fromarray(picture)
    box: tuple[float, float, float, float] = (0, 0, image.width, image.height)
    if crop:
        scale = max(size[0] / image.width, size[1] / image.height)
        aside = (image.width - size[0] / scale) / 2
        above = (image.height - size[1] / scale) / 2
        box = (aside, above, image.width - aside, image.height - above)
    scaled = image.resize(size, Image.Resampling.BICUBIC, box, GAP)
    scaled.save(path, quality=QUALITY)
