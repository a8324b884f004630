"""PNG files."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from framecap.formats.encode import encode
from framecap.model.raster import PackedImage
from framecap.model.spec import ImageFormat


@pytest.mark.parametrize(("channels", "mode"), [(3, "RGB"), (4, "RGBA")])
@pytest.mark.parametrize(("width", "height"), [(1, 1), (3, 5), (33, 17)])
def test_pixels_come_back_exactly(width: int, height: int, channels: int, mode: str) -> None:
    shape = (height, width, channels)
    pixels = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    image = Image.open(io.BytesIO(encode(PackedImage(pixels=pixels), ImageFormat.PNG)))
    assert (image.format, image.mode, image.size) == ("PNG", mode, (width, height))
    np.testing.assert_array_equal(np.asarray(image), pixels)


def test_quality_is_nothing_to_a_png() -> None:
    image = PackedImage(pixels=np.full((9, 9, 3), 7, np.uint8))
    assert encode(image, ImageFormat.PNG, 1) == encode(image, ImageFormat.PNG)
