"""The warning for a box that distorts a picture although it sets only one side."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

from framecap.model.capture import CaptureWarning
from framecap.model.plan import Size
from framecap.model.spec import Box, ScaleType

ASPECT_CHANGED: Final = "ASPECT_CHANGED"

# Sizes are whole pixels, so a small change comes from rounding.
_TOLERANCE: Final = Fraction(1, 100)


def aspect_changed(
    box: Box, scale_type: ScaleType, source: Size, image: Size
) -> Iterator[CaptureWarning]:
    """Yields a warning when a lone width or height changes the aspect ratio.

    The other side is the source's, and `stretch`, the default, scales the picture to both.

    Args:
        box: The requested box.
        scale_type: How the picture fits into it.
        source: The picture's size on screen.
        image: The image's size.
    """
    side = _lone_side(box)
    if side is None or scale_type is not ScaleType.STRETCH:
        return
    change = Fraction(image.width * source.height, image.height * source.width)
    if abs(change - 1) <= _TOLERANCE:
        return
    yield CaptureWarning(
        reason=ASPECT_CHANGED,
        message=(
            f"{side} alone stretches the picture of {source.width}x{source.height} to "
            f"{image.width}x{image.height}; scaletype_fit keeps its shape"
        ),
        metadata={
            "option": side,
            "source": f"{source.width}x{source.height}",
            "image": f"{image.width}x{image.height}",
            "cure": "scaletype_fit",
        },
    )


def _lone_side(box: Box) -> str | None:
    """Returns the option that sets the only side that is set; None when not exactly one is."""
    chosen = [
        name
        for name, is_chosen in (
            ("w", box.width is not None),
            ("h", box.height is not None),
            ("pw", box.width is None and box.width_percent != 100),
            ("ph", box.height is None and box.height_percent != 100),
        )
        if is_chosen
    ]
    return chosen[0] if len(chosen) == 1 else None
