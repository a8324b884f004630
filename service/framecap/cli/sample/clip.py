"""The sample video: the scenes in a row, with a clock and a frame counter in the picture."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from framecap.cli.sample.canvas import HEIGHT, WIDTH, Canvas
from framecap.cli.sample.scenes import SCENES
from framecap.media.sample_video import encode_clip

FRAMES_PER_SECOND: Final = 20
MARGIN: Final = 14
FONT: Final = ImageFont.load_default(32)
SMALL: Final = ImageFont.load_default(17)


def write_clip(path: Path) -> None:
    """Writes the sample video to `path`; the file appears whole or not at all."""
    encode_clip(path, pictures(), width=WIDTH, height=HEIGHT, frames_per_second=FRAMES_PER_SECOND)


def pictures() -> Iterator[npt.NDArray[np.uint8]]:
    """Yields the frames as RGB pictures, in order."""
    number = 0
    for name, length, make in SCENES:
        draw = make()
        for i in range(round(length * FRAMES_PER_SECOND)):
            canvas = draw(i / FRAMES_PER_SECOND)
            _stamp(canvas, number, name)
            yield np.clip(canvas, 0, 255).astype(np.uint8)
            number += 1


def _stamp(canvas: Canvas, number: int, name: str) -> None:
    """Draws the clock into the lower left corner."""
    hundredths = number * 100 // FRAMES_PER_SECOND
    label = Image.new("L", (222, 66), 0)
    draw = ImageDraw.Draw(label)
    draw.text(
        (14, 3),
        f"{hundredths // 6000:02}:{hundredths // 100 % 60:02}.{hundredths % 100:02}",
        fill=255,
        font=FONT,
    )
    draw.text((15, 40), f"frame {number}  {name}", fill=210, font=SMALL)
    ink = np.asarray(label, dtype=np.float32)[:, :, None] / 255
    top, left = HEIGHT - MARGIN - label.height, MARGIN
    region = canvas[top : top + label.height, left : left + label.width]
    region *= 0.25
    region += (255 - region) * ink
