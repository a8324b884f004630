"""The contact sheet: all captured images in one image."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from PIL import Image, ImageDraw, ImageFont, ImageOps

from framecap.timebase import NANOSECONDS_PER_SECOND, Nanoseconds, format_time

Colour: TypeAlias = tuple[int, int, int]

COLUMNS: Final = 6
THUMBNAIL: Final = (256, 144)
MARGIN: Final = 44
GAP: Final = 16
WIDTH: Final = 2 * MARGIN + COLUMNS * THUMBNAIL[0] + (COLUMNS - 1) * GAP

HEADER: Final = 118
SECTION_HEADER: Final = 112
CAPTION: Final = 38
SECTION_GAP: Final = 26
FOOTER: Final = 34

PAPER: Final[Colour] = (17, 19, 25)
RULE: Final[Colour] = (46, 50, 62)
INK: Final[Colour] = (240, 242, 247)
FAINT: Final[Colour] = (146, 152, 168)
ACCENT: Final[Colour] = (255, 184, 92)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One image of the sheet."""

    data: bytes
    """The encoded image."""

    time: Nanoseconds
    """Its media time."""

    note: str
    """A few words beside the time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The images of one capture."""

    title: str
    """The request, in words."""

    request: str
    """The request, in the text form."""

    shots: tuple[Shot, ...]
    """The images, in order of time."""


def contact_sheet_height(sections: Sequence[Section]) -> int:
    """Returns the height in pixels of the sheet of `sections`; its width is `WIDTH`."""
    return HEADER + sum(_section_height(section) + SECTION_GAP for section in sections) + FOOTER


def draw_contact_sheet(
    sections: Sequence[Section], *, subtitle: str, duration: Nanoseconds
) -> Image.Image:
    """Returns the contact sheet of some captures from one video.

    Args:
        sections: The captures.
        subtitle: A description of the video.
        duration: The video's duration, for the time lines.
    """
    sheet = Image.new("RGB", (WIDTH, contact_sheet_height(sections)), PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((MARGIN, 34), "framecap", fill=INK, font=_font(40))
    draw.text((MARGIN, 84), subtitle, fill=FAINT, font=_font(17))
    top = HEADER
    for section in sections:
        _draw_section(sheet, section, top, duration)
        top += _section_height(section) + SECTION_GAP
    return sheet


def _section_height(section: Section) -> int:
    rows = -(-len(section.shots) // COLUMNS)
    return SECTION_HEADER + rows * (THUMBNAIL[1] + CAPTION) + (rows - 1) * GAP


def _draw_section(sheet: Image.Image, section: Section, top: int, duration: Nanoseconds) -> None:
    draw = ImageDraw.Draw(sheet)
    draw.line((MARGIN, top, WIDTH - MARGIN, top), fill=RULE)
    draw.text((MARGIN, top + 20), section.title, fill=INK, font=_font(24))
    draw.text((WIDTH - MARGIN, top + 26), section.request, fill=FAINT, font=_font(17), anchor="ra")
    _draw_time_line(sheet, [shot.time for shot in section.shots], top + 80, duration)
    for position, shot in enumerate(section.shots):
        row, column = divmod(position, COLUMNS)
        x = MARGIN + column * (THUMBNAIL[0] + GAP)
        y = top + SECTION_HEADER + row * (THUMBNAIL[1] + CAPTION + GAP)
        thumbnail = _thumbnail(shot.data)
        sheet.paste(thumbnail, (x, y), _rounded(thumbnail.size, 8))
        below = y + THUMBNAIL[1] + 12
        draw.text((x + 2, below), format_time(shot.time), fill=INK, font=_font(17))
        right = x + THUMBNAIL[0] - 2
        draw.text((right, below + 2), shot.note, fill=FAINT, font=_font(15), anchor="ra")


def _draw_time_line(
    sheet: Image.Image, times: Sequence[Nanoseconds], y: int, duration: Nanoseconds
) -> None:
    """Draws the video as a line, with a dot for each image."""
    draw = ImageDraw.Draw(sheet)
    left, right = MARGIN, WIDTH - MARGIN
    draw.line((left, y, right, y), fill=RULE, width=3)
    for second in range(duration // NANOSECONDS_PER_SECOND + 1):
        x = left + (right - left) * second * NANOSECONDS_PER_SECOND // duration
        draw.line((x, y - 4, x, y + 4), fill=RULE)
    dot = _rounded((13, 13), 6)
    for time in times:
        x = left + (right - left) * time // duration
        sheet.paste(ACCENT, (x - 6, y - 6), dot)


def _thumbnail(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as image:
        return ImageOps.pad(image.convert("RGB"), THUMBNAIL, color=(0, 0, 0))


def _rounded(size: tuple[int, int], radius: int) -> Image.Image:
    """Returns a mask with round, soft corners."""
    scale = 4
    large = Image.new("L", (size[0] * scale, size[1] * scale), 0)
    corners = (0, 0, large.width - 1, large.height - 1)
    ImageDraw.Draw(large).rounded_rectangle(corners, radius * scale, fill=255)
    return large.resize(size, Image.Resampling.LANCZOS)


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
