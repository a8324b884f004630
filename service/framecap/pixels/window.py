"""Where the samples of an image lie in the planes of a stored picture."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from framecap.model.media import Orientation, PixelLayout, Siting
from framecap.model.plan import Geometry, Size
from framecap.pixels.axis import Axis


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
            columns, plane.width, layout.chroma_shift_x, sited=layout.siting != Siting.CENTER
        ),
        _subsampled(
            rows, plane.height, layout.chroma_shift_y, sited=layout.siting == Siting.TOP_LEFT
        ),
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


def _subsampled(luma: Axis, length: int, shift: int, *, sited: bool) -> Axis:
    """Returns the same stretch along subsampled chroma.

    A chroma sample stands in the middle of the luma samples it was made from, or, where sited, on
    the first of them: then everything lies that much further along the chroma axis.
    """
    ratio = 1 << shift
    late = Fraction(ratio - 1, 2 * ratio) if sited else Fraction(0)
    return Axis(length, luma.start / ratio + late, luma.step / ratio, luma.count)
