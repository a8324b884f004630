"""Where the samples of an image lie in the planes of a stored picture."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Final

from framecap.model.media import Orientation, PixelLayout, Siting
from framecap.model.plan import Geometry, Size
from framecap.pixels.axis import Axis

# On which side of the luma samples they were made from chroma samples stand: 1 on the first, -1 on
# the last; in the middle where left out.
_ACROSS: Final = {Siting.LEFT: 1, Siting.TOP_LEFT: 1, Siting.BOTTOM_LEFT: 1}
_DOWN: Final = {Siting.TOP_LEFT: 1, Siting.TOP: 1, Siting.BOTTOM_LEFT: -1, Siting.BOTTOM: -1}


@dataclass(frozen=True, slots=True)
class Window:
    """The part of a plane that becomes an image, as the plane is stored."""

    columns: Axis
    """Across."""

    rows: Axis
    """Down."""

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
        layout: How the picture is stored.
        orientation: How it is displayed.
        geometry: From the displayed picture to the image.
        chroma: True for a plane that is subsampled and sited as the layout says.
        pitch: How many pixels of the image one result spans, across and down.
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
    """Returns the axis along luma samples, ascending whichever way it is displayed.

    An odd last result of a pitch of 2 reaches beyond the content, on the side displayed last.
    """
    step = Fraction(length, scaled)
    count = -(-content // pitch)
    start = crop * step
    if backwards:
        start = length - start - count * pitch * step
    return Axis(length, start, pitch * step, count)


def _subsampled(luma: Axis, length: int, shift: int, *, side: int) -> Axis:
    """Returns the same stretch along subsampled chroma.

    A chroma sample stands in the middle of the luma samples it was made from, or on the first of
    them: then everything lies that much further along the chroma axis. On the last: less far.

    Args:
        luma: The axis along luma.
        length: How many chroma samples there are.
        shift: log2 of luma samples per chroma sample.
        side: 1 for the first luma sample, 0 for the middle, -1 for the last.
    """
    ratio = 1 << shift
    late = side * Fraction(ratio - 1, 2 * ratio)
    return Axis(length, luma.start / ratio + late, luma.step / ratio, luma.count)
