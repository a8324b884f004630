"""The JPEG encoder, from planes."""

from __future__ import annotations

from typing import cast

import numpy as np
import simplejpeg

from framecap.model.raster import Bytes, PlanarImage, Raster


def encode(raster: Raster, quality: int | None) -> bytes:
    """Returns the image as a JFIF file, 4:2:0, without converting its colours again."""
    image = cast("PlanarImage", raster)
    data = simplejpeg.encode_jpeg_yuv_planes(_even(image.y), image.cb, image.cr, quality=quality)
    return bytes(data)


def _even(luma: Bytes) -> Bytes:
    """Returns the same plane in memory padded to even sides with the edge's samples.

    libjpeg-turbo reads luma up to twice the size of chroma, so at odd sizes one sample past the
    plane. The memory there would show in the image, and past the last row it may not exist.
    """
    rows, columns = luma.shape
    if rows % 2 == 0 and columns % 2 == 0:
        return luma
    return np.pad(luma, ((0, rows % 2), (0, columns % 2)), mode="edge")[:rows, :columns]
