"""The geometry from the displayed picture to the image.

Sizes round half up and are at least 1; offsets round down. The arithmetic is exact.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from framecap.errors import LimitExceeded
from framecap.model.media import Orientation
from framecap.model.plan import Geometry, Offset, Size
from framecap.model.spec import Box, ScaleType

MAX_COMPUTED_SIDE: Final = 8192
"""The longest side of a scaled picture and of an image."""

ORIGIN: Final = Offset(0, 0)


def display_size(
    width: int, height: int, sample_aspect_ratio: Fraction, orientation: Orientation
) -> Size:
    """Returns the display size of a stored picture: pixels made square, then rotated."""
    square = _scale(width, sample_aspect_ratio)
    return Size(height, square) if orientation.quarter_turns % 2 else Size(square, height)


def fit_box(source: Size, box: Box, scale_type: ScaleType) -> Geometry:
    """Returns the geometry that fits a displayed picture into a box.

    Raises:
        LimitExceeded: A side of the scaled picture or of the image is too long.
    """
    frame = Size(
        _side(box.width, box.width_percent, source.width),
        _side(box.height, box.height_percent, source.height),
    )
    ratios = Fraction(frame.width, source.width), Fraction(frame.height, source.height)
    match scale_type:
        case ScaleType.STRETCH:
            geometry = _uncut(scaled=frame, canvas=frame)
        case ScaleType.FIT:
            scaled = _scale_both(source, min(ratios))
            geometry = _uncut(scaled=scaled, canvas=scaled)
        case ScaleType.FILL:
            geometry = _uncut(scaled=_scale_both(source, min(ratios)), canvas=frame)
        case ScaleType.CROP:
            scaled = _scale_both(source, max(ratios))
            geometry = Geometry(
                scaled=scaled,
                crop=_centred(frame, scaled),
                content=frame,
                canvas=frame,
                pad=ORIGIN,
            )
    _check(geometry.scaled, "scaled picture")
    _check(geometry.canvas, "image")
    return geometry


def _uncut(*, scaled: Size, canvas: Size) -> Geometry:
    return Geometry(
        scaled=scaled, crop=ORIGIN, content=scaled, canvas=canvas, pad=_centred(scaled, canvas)
    )


def _side(pixels: int | None, percent: int, source: int) -> int:
    return _scale(source, Fraction(percent, 100)) if pixels is None else pixels


def _scale_both(size: Size, ratio: Fraction) -> Size:
    return Size(_scale(size.width, ratio), _scale(size.height, ratio))


def _scale(length: int, ratio: Fraction) -> int:
    return max(1, int(length * ratio + Fraction(1, 2)))


def _centred(inner: Size, outer: Size) -> Offset:
    return Offset((outer.width - inner.width) // 2, (outer.height - inner.height) // 2)


def _check(size: Size, what: str) -> None:
    for side, pixels in (("width", size.width), ("height", size.height)):
        if pixels > MAX_COMPUTED_SIDE:
            raise LimitExceeded(
                f"The {side} of the {what} would be {pixels} pixels; "
                f"the limit is {MAX_COMPUTED_SIDE}.",
                metadata={
                    "side": side,
                    "of": what,
                    "actual": str(pixels),
                    "limit": str(MAX_COMPUTED_SIDE),
                },
            )
