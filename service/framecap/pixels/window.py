"""The region of a stored picture's planes that an image shows."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Final

from framecap.model.media import Orientation, PixelLayout, Siting
from framecap.model.plan import Geometry, Size
from framecap.pixels.axis import Axis

# The siting of a chroma sample among its luma samples: 1 on the first, -1 on the last; sitings left
# out are in the middle.
_ACROSS: Final = {Siting.LEFT: 1, Siting.TOP_LEFT: 1, Siting.BOTTOM_LEFT: 1}
_DOWN: Final = {Siting.TOP_LEFT: 1, Siting.TOP: 1, Siting.BOTTOM_LEFT: -1, Siting.BOTTOM: -1}


@dataclass(frozen=True, slots=True)
class Window:
    """The region of a plane that becomes an image, in stored orientation."""

    columns: Axis
    """The horizontal axis."""

    rows: Axis
    """The vertical axis."""

    @property
    def whole(self) -> bool:
        """True when each result is one sample of the plane."""
        return self.columns.whole and self.rows.whole


@lru_cache(maxsize=64)
def window(
    stored: Size,
    plane: Size,
    layout: PixelLayout,
    orientation: Orientation,
    geometry: Geometry,
    *,
    chroma: bool,
    pitch: int,
) -> Window:
    """Returns the window of one plane.

    Args:
        stored: The size of the stored picture, in luma samples.
        plane: The size of the plane.
        layout: The layout of the stored picture.
        orientation: The transform to the displayed picture.
        geometry: The geometry from the displayed picture to the image.
        chroma: True for a plane that is subsampled and sited as the layout says.
        pitch: The number of image pixels that one result spans, in both directions.
    """
    turned = orientation.quarter_turns % 2 == 1
    across = (geometry.scaled.width, geometry.crop.x, geometry.content.width)
    down = (geometry.scaled.height, geometry.crop.y, geometry.content.height)
    columns = _stored_axis(
        stored.width,
        *(down if turned else across),
        pitch=pitch,
        backwards=(orientation.quarter_turns in (2, 3)) != orientation.mirrored,
    )
    rows = _stored_axis(
        stored.height,
        *(across if turned else down),
        pitch=pitch,
        backwards=orientation.quarter_turns in (1, 2),
    )
    if not chroma:
        return Window(columns, rows)
    return Window(
        _subsampled(
            columns, plane.width, layout.chroma_shift_x, side=_ACROSS.get(layout.siting, 0)
        ),
        _subsampled(rows, plane.height, layout.chroma_shift_y, side=_DOWN.get(layout.siting, 0)),
    )


def _stored_axis(
    length: int, scaled: int, crop: int, content: int, *, pitch: int, backwards: bool
) -> Axis:
    """Returns the axis along luma samples, ascending even if it is displayed backwards.

    An odd last result of a pitch of 2 extends past the content, on the side displayed last.
    """
    step = Fraction(length, scaled)
    count = -(-content // pitch)
    start = crop * step
    if backwards:
        start = length - start - count * pitch * step
    return Axis(length, start, pitch * step, count)


def _subsampled(luma: Axis, length: int, shift: int, *, side: int) -> Axis:
    """Returns the same range along subsampled chroma.

    A chroma sample is sited in the middle of its luma samples, or on the first of them, which moves
    every position forward along the chroma axis, or on the last, which moves it back.

    Args:
        luma: The axis along luma.
        length: The number of chroma samples.
        shift: log2 of luma samples per chroma sample.
        side: 1 for the first luma sample, 0 for the middle, -1 for the last.
    """
    ratio = 1 << shift
    late = side * Fraction(ratio - 1, 2 * ratio)
    return Axis(length, luma.start / ratio + late, luma.step / ratio, luma.count)
