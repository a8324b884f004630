"""The container's cropping of stored pictures.

It is `clap` in MP4 and MOV, PixelCrop in Matroska. libavformat reads both; PyAV does not expose the
result, so it is parsed from the library's printed description of the container.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NamedTuple

from av.container import InputContainer

from framecap.media.containers.dump import printed
from framecap.model.media import Model, PixelLayout, Plane

_STREAM: Final = re.compile(r"\s+Stream #\d+[:.](\d+)\D.*")
_CROPPING: Final = re.compile(r"\s+Frame Cropping: (\d+)/(\d+)/(\d+)/(\d+)")


class _Span(NamedTuple):
    """A range of rows or columns."""

    begin: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cropping:
    """The numbers of columns and rows of a stored picture that are cut off on each side."""

    left: int = 0
    """Columns on the left."""

    right: int = 0
    """Columns on the right."""

    top: int = 0
    """Rows at the top."""

    bottom: int = 0
    """Rows at the bottom."""

    def planes(self, planes: tuple[Plane, ...], layout: PixelLayout) -> tuple[Plane, ...]:
        """Returns views on the cropped planes of a picture; whole planes if nothing would be left.

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
    """Returns the container's cropping of a stream's pictures; None if there is none.

    Args:
        native: The open container.
        index: The stream's index.
    """
    current = None
    # A metadata value cannot imitate these lines: its line breaks are printed as new values.
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
