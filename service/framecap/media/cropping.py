"""The part of stored pictures that a container says is to be shown.

`clap` in MP4 and MOV, PixelCrop in Matroska. libavformat reads both; PyAV has no name for what it
found, so it is taken from what the library prints of the container.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NamedTuple

from av.container import InputContainer

from framecap.media.dump import printed
from framecap.model.media import Model, PixelLayout, Plane

_STREAM: Final = re.compile(r"\s+Stream #\d+[:.](\d+)\D.*")
_CROPPING: Final = re.compile(r"\s+Frame Cropping: (\d+)/(\d+)/(\d+)/(\d+)")


class _Span(NamedTuple):
    """A range of rows or columns."""

    begin: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cropping:
    """How many columns and rows of a stored picture are left out on each side."""

    left: int = 0
    """Columns on the left."""

    right: int = 0
    """Columns on the right."""

    top: int = 0
    """Rows at the top."""

    bottom: int = 0
    """Rows at the bottom."""

    def planes(self, planes: tuple[Plane, ...], layout: PixelLayout) -> tuple[Plane, ...]:
        """Returns views on what is left of a picture's planes; all of them where nothing is.

        As the ffmpeg command does, the offset and the size are rounded down to whole chroma
        samples.
        """
        height, width = planes[0].shape
        columns = _span(width, self.left, self.right, layout.chroma_shift_x)
        rows = _span(height, self.top, self.bottom, layout.chroma_shift_y)
        if columns.length <= 0 or rows.length <= 0:
            return planes
        return tuple(
            _cut(plane, rows, columns, layout)
            if layout.model is Model.YUV and number in (1, 2)
            else plane[
                rows.begin : rows.begin + rows.length,
                columns.begin : columns.begin + columns.length,
            ]
            for number, plane in enumerate(planes)
        )


def cropping_of(native: InputContainer, index: int) -> Cropping | None:
    """Returns what the container leaves out of a stream's pictures; None when that is nothing.

    Args:
        native: The open container.
        index: The stream's index.
    """
    current = None
    # Values cannot pass for it: a line break within one is printed as the beginning of a value.
    for line in printed(native).split("\n"):
        if stream := _STREAM.fullmatch(line):
            current = int(stream[1])
        elif current == index and (found := _CROPPING.fullmatch(line)):
            left, right, top, bottom = map(int, found.groups())
            if left or right or top or bottom:
                return Cropping(left=left, right=right, top=top, bottom=bottom)
    return None


def _span(length: int, before: int, behind: int, shift: int) -> _Span:
    return _Span(before >> shift << shift, (length - before - behind) >> shift << shift)


def _cut(plane: Plane, rows: _Span, columns: _Span, layout: PixelLayout) -> Plane:
    x, y = layout.chroma_shift_x, layout.chroma_shift_y
    return plane[
        rows.begin >> y : (rows.begin + rows.length) >> y,
        columns.begin >> x : (columns.begin + columns.length) >> x,
    ]
