"""The nominal levels of a plane's samples."""

from __future__ import annotations

from framecap.model.media import Model, PixelLayout


def plane_count(layout: PixelLayout) -> int:
    """Returns the number of planes without alpha."""
    return 1 if layout.model is Model.GRAY else 3


def is_chroma(layout: PixelLayout, index: int) -> bool:
    """Returns True for the planes that hold Cb and Cr."""
    return layout.model is Model.YUV and index in (1, 2)


def black(layout: PixelLayout, index: int) -> int:
    """Returns the sample of black, or of neutral chroma, in a plane. RGB is always full range."""
    if is_chroma(layout, index):
        return 1 << (layout.depth - 1)
    if layout.model is Model.RGB or layout.full_range:
        return 0
    return 16 << (layout.depth - 8)
