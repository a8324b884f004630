"""The pictures the kernels are measured with, and what each peer takes them as."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Final

import av
import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame
from PIL import Image

from framecap.media.pictures.planes import picture_of
from framecap.model.media import Orientation, Picture

# By what is to be seen; a frame a little way into each film.
FILMS: Final = {
    "branches": ("ft_h264_1080i.mts", 5),
    "colour chart": ("ax_hlg10_color.mp4", 3),
    "meadow": ("moviepy_bbb_vp8_720p_30s.webm", 300),
    "face": ("ax_sample.flv", 10),
    "text": ("psd_counter.mp4", 20),
}


@dataclass(frozen=True, eq=False)
class Sample:
    """One picture, the same samples for all."""

    frame: VideoFrame
    """8-bit 4:2:0 without flags, progressive."""

    @cached_property
    def picture(self) -> Picture:
        """As framecap takes it."""
        return picture_of(self.frame, sample_aspect_ratio=Fraction(1), orientation=Orientation())

    @cached_property
    def luma(self) -> npt.NDArray[np.uint8]:
        """Its luma."""
        return np.ascontiguousarray(self.picture.planes[0], np.uint8)

    @cached_property
    def rgb(self) -> npt.NDArray[np.uint8]:
        """Its colours, made before anything is timed."""
        return self.frame.to_ndarray(format="rgb24")

    @cached_property
    def pillow(self) -> Image.Image:
        """Its colours as Pillow takes them."""
        return Image.fromarray(self.rgb)

    @cached_property
    def gray(self) -> VideoFrame:
        """Its luma as a frame of its own."""
        return VideoFrame.from_ndarray(self.luma, format="gray")

    @property
    def size(self) -> str:
        """Its width and height, as text."""
        return f"{self.frame.width}x{self.frame.height}"


def read(corpus: Path, name: str) -> Sample:
    """Returns the picture of one of `FILMS`."""
    file, ordinal = FILMS[name]
    with av.open(str(corpus / "media" / file)) as container:
        for index, frame in enumerate(container.decode(video=0)):
            if index == ordinal:
                # A copy has no flags; else swscale would take interlaced frames field by field.
                plain = VideoFrame.from_ndarray(frame.to_ndarray(format="yuv420p"), "yuv420p")
                return Sample(plain)
    raise ValueError(f"{file} has no frame {ordinal}")
