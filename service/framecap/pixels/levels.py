"""What the numbers in a plane stand for."""

from __future__ import annotations

from framecap.model.media import Model, PixelLayout


def plane_count(layout: PixelLayout) -> int:
    """Returns how many planes there are without alpha."""
    return 1 if layout.model is Model.GRAY else 3


def is_chroma(layout: PixelLayout, index: int) -> bool:
    """Returns true for the planes that hold Cb and Cr."""
    return layout.model is Model.YUV and index in (1, 2)


def black(layout: PixelLayout, index: int) -> int:
    """Returns the sample that is black, or no colour, in a plane. RGB is always full range."""
    if is_chroma(layout, index):
        return 1 << (layout.depth - 1)
    if layout.model is Model.RGB or layout.full_range:
        return 0
    return 16 << (layout.depth - 8)
