"""What is measured: framecap and its peers at the same work, one thread each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt
import simplejpeg
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter
from PIL import Image

from bench.kernels.pictures import Sample
from framecap._kernels.dhash import cell_sums
from framecap.formats.encode import encode
from framecap.model.plan import Size
from framecap.model.spec import Box, ImageFormat, ScaleType, ShrinkFilter
from framecap.pixels.dhash import dhash
from framecap.pixels.render import render
from framecap.pixels.scale import scale_for_jpeg
from framecap.plan.geometry import fit_box

Plane: TypeAlias = npt.NDArray[np.generic]
WIDTH, HEIGHT = 640, 360


@dataclass(frozen=True, slots=True)
class Contender:
    """One way to do a work."""

    run: Callable[[], object]
    """What is timed."""

    luma: Callable[[], Plane]
    """Runs it once, and returns what comparing looks at."""

    target: float | None = None
    """How many times as long as framecap it must take; None for no target."""


@dataclass(frozen=True, slots=True)
class Work:
    """A work, framecap's own way first."""

    name: str
    ours: Contender
    peers: dict[str, Contender]
    reference: Callable[[], npt.NDArray[np.float64]]
    """What all are compared with, in floats."""


def shrinking(sample: Sample, shrink: ShrinkFilter, reference: npt.NDArray[np.float64]) -> Work:
    """Returns the work of making all planes smaller."""
    box = Box(width=WIDTH, height=HEIGHT)
    size = Size(sample.frame.width, sample.frame.height)
    geometry = fit_box(size, box, ScaleType.STRETCH)

    def ours() -> object:
        return scale_for_jpeg(sample.picture, geometry, shrink)

    def our_luma() -> Plane:
        return scale_for_jpeg(sample.picture, geometry, shrink).planes[0]

    area = shrink is ShrinkFilter.AREA
    peers = {
        "swscale bicubic → rgb24": _swscale(sample, "rgb24", 6 if area else 2),
        "swscale bicubic → yuv420p": _swscale(sample, "yuv420p", None if area else 1.2),
        "Pillow LANCZOS": _pillow(sample, 60 if area else 20),
        "OpenCV INTER_AREA": _opencv(sample),
    }
    return Work(
        f"{shrink.value}, {WIDTH}x{HEIGHT}", Contender(ours, our_luma), peers, lambda: reference
    )


def hashing(sample: Sample) -> Work:
    """Returns the work of summing luma over 9 x 8 cells."""
    rows, columns = sample.luma.shape

    def means() -> npt.NDArray[np.float64]:
        return cell_sums(sample.luma) / (rows * columns)

    def exactly() -> npt.NDArray[np.float64]:
        fine = sample.luma.astype(np.float64).repeat(9, axis=1)
        tall = np.add.reduceat(fine, np.arange(9) * columns, axis=1)
        high = tall.repeat(8, axis=0)
        return np.add.reduceat(high, np.arange(8) * rows, axis=0) / (rows * columns)

    exact = Interpolation.AREA | Interpolation.ACCURATE_RND
    small = {
        "swscale area of the frame, exact": _cells(sample.frame, exact, 8),
        "swscale area of luma alone, exact": _cells(sample.gray, exact, None),
        "swscale area of luma alone, quick": _cells(sample.gray, Interpolation.AREA, None),
    }
    opencv = Contender(
        lambda: cv2.resize(sample.luma, (9, 8), interpolation=cv2.INTER_AREA),
        lambda: cv2.resize(sample.luma, (9, 8), interpolation=cv2.INTER_AREA),
    )
    ours = Contender(lambda: dhash(sample.picture), means)
    return Work("dhash of luma", ours, {**small, "OpenCV INTER_AREA": opencv}, exactly)


def encoding(sample: Sample, reference: npt.NDArray[np.float64]) -> Work:
    """Returns the work of a JPEG of 640 x 360 at quality 90 out of a decoded frame."""
    size = Size(sample.frame.width, sample.frame.height)
    geometry = fit_box(size, Box(width=WIDTH, height=HEIGHT), ScaleType.STRETCH)
    reformatter = VideoReformatter()

    def ours() -> bytes:
        return encode(render(sample.picture, geometry, ImageFormat.JPG), ImageFormat.JPG)

    def pillow() -> bytes:
        frame = reformatter.reformat(
            sample.frame, WIDTH, HEIGHT, "rgb24", interpolation=Interpolation.BICUBIC, threads=1
        )
        buffer = BytesIO()
        frame.to_image().save(buffer, "JPEG", quality=90)
        return buffer.getvalue()

    def seen(make: Callable[[], bytes]) -> Callable[[], Plane]:
        return lambda: simplejpeg.decode_jpeg(make(), colorspace="GRAY")[..., 0]

    peer = Contender(pillow, seen(pillow))
    return Work(
        "bicubic, 640x360, JPEG",
        Contender(ours, seen(ours)),
        {"swscale and Pillow": peer},
        lambda: (reference - 16) * 255 / 219,
    )


def _swscale(sample: Sample, format: str, target: float | None) -> Contender:
    reformatter = VideoReformatter()

    def run(to: str = format) -> object:
        return reformatter.reformat(
            sample.frame, WIDTH, HEIGHT, to, interpolation=Interpolation.BICUBIC, threads=1
        )

    def luma() -> Plane:
        frame = VideoReformatter().reformat(
            sample.frame, WIDTH, HEIGHT, "yuv420p", interpolation=Interpolation.BICUBIC, threads=1
        )
        return frame.to_ndarray()[:HEIGHT]

    return Contender(run, luma, target)


def _pillow(sample: Sample, target: float) -> Contender:
    def run() -> Image.Image:
        return sample.pillow.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)

    def luma() -> Plane:
        plane = Image.fromarray(sample.luma)
        return np.asarray(plane.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS))

    return Contender(run, luma, target)


def _opencv(sample: Sample) -> Contender:
    def shrunk(plane: Plane) -> Plane:
        return cv2.resize(plane, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)

    return Contender(lambda: shrunk(sample.rgb), lambda: shrunk(sample.luma))


def _cells(source: VideoFrame, flags: Interpolation, target: float | None) -> Contender:
    reformatter = VideoReformatter()

    def run() -> VideoFrame:
        return reformatter.reformat(source, 9, 8, "gray", interpolation=flags, threads=1)

    def means() -> Plane:
        # swscale takes gray for studio range and gives full range, whatever it is told.
        return 16 + run().to_ndarray() * (219 / 255)

    return Contender(run, means, target)
