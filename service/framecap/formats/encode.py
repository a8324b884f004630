"""Encoding of finished pixels into image files."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Protocol, cast

from framecap.formats.registry import FORMATS
from framecap.model.raster import Raster
from framecap.model.spec import ImageFormat


class Encoder(Protocol):
    """Encodes image files of one format."""

    def __call__(self, raster: Raster, quality: int | None) -> bytes:
        """Returns an image file.

        Args:
            raster: The finished pixels, of the kind that the format's row names.
            quality: Within the format's range; None for the default, or if it has no quality.
        """
        ...


def encode(raster: Raster, format: ImageFormat, quality: int | None = None) -> bytes:
    """Returns an image file.

    Args:
        raster: The finished pixels, of the kind that the format's row names.
        format: The image format.
        quality: Within the format's range; None for the default, or if it has no quality.
    """
    row = FORMATS[format]
    if quality is None and row.quality is not None:
        quality = row.quality.default
    return encoder(format)(raster, quality)


@cache
def encoder(format: ImageFormat) -> Encoder:
    """Returns a format's encoder. The first call loads its libraries."""
    return cast("Encoder", import_module(FORMATS[format].encoder).encode)
