"""The part of stored pictures that a container says is shown, by FFmpeg's own command."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import NamedTuple

import av
import imageio_ffmpeg
import numpy as np
import numpy.typing as npt

FORMATS_WITH_CROPPING = ("mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm")

STREAM = re.compile(r"^  Stream #0:(\d+)", re.MULTILINE)
CROPPING = re.compile(r"^ +Frame Cropping: (\d+)/(\d+)/(\d+)/(\d+)$", re.MULTILINE)


class Sides(NamedTuple):
    """Columns and rows that are left out."""

    left: int = 0
    right: int = 0
    top: int = 0
    bottom: int = 0


def cropping(path: Path, container_format: str, stream: int) -> Sides:
    """Returns what the container leaves out of a stream's pictures."""
    if container_format not in FORMATS_WITH_CROPPING:
        return Sides()
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-hide_banner", "-i", str(path)]
    # It fails for want of an output, once it has said what the input is.
    said = subprocess.run(command, capture_output=True, check=False).stderr.decode(errors="replace")
    parts = STREAM.split(said)
    for number, words in zip(parts[1::2], parts[2::2], strict=True):
        if int(number) == stream and (found := CROPPING.search(words)):
            return Sides(*map(int, found.groups()))
    return Sides()


def shown(
    samples: npt.NDArray[np.generic], sides: Sides, video_format: av.VideoFormat
) -> npt.NDArray[np.generic]:
    """Returns what is left of a picture's rows: of whole chroma samples, as the crop filter has it.

    The offsets are rounded down, and so is the size. A picture that is not cropped may be odd.
    """
    if not any(sides):
        return samples
    across = 64 // video_format.chroma_width(64)
    down = 64 // video_format.chroma_height(64)
    height, width = samples.shape[:2]
    left, columns = (n - n % across for n in (sides.left, width - sides.left - sides.right))
    top, rows = (n - n % down for n in (sides.top, height - sides.top - sides.bottom))
    return samples[top : top + rows, left : left + columns]
