"""Rendering and encoding of chosen frames."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from framecap.formats.encode import encode
from framecap.media.media import Media
from framecap.model.capture import CaptureWarning, Image, Pick
from framecap.model.media import Frame, MediaInfo, Orientation, Picture
from framecap.model.plan import Geometry, Size
from framecap.model.spec import CaptureSpec
from framecap.modes.features import Measure, MeasuredFrame
from framecap.pixels.dhash import dhash
from framecap.pixels.luma import luma
from framecap.pixels.render import render
from framecap.plan.distortion import aspect_changed
from framecap.plan.geometry import display_size, fit_box
from framecap.stage_timer import StageTimer


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Encoded:
    """The encoded picture of a frame."""

    width: int
    """Width in pixels."""

    height: int
    """Height in pixels."""

    dhash: int
    """The difference hash of the frame's luma."""

    data: bytes = field(repr=False)
    """The image file."""


class Imaging:
    """Makes the images of one capture. Threads may share it.

    Args:
        spec: The request.
        media: The source.
        timer: Measures the time of each stage.
    """

    def __init__(self, spec: CaptureSpec, media: Media, timer: StageTimer) -> None:
        self._spec = spec
        self._media = media
        self._timer = timer
        self._geometries: dict[tuple[int, int, Fraction, Orientation], Geometry] = {}

    def describe(self, picture: Picture) -> MediaInfo:
        """Returns the description of the source, given its first picture."""
        display = display_size(
            picture.width, picture.height, picture.sample_aspect_ratio, picture.orientation
        )
        return self._media.describe(picture, (display.width, display.height))

    def warnings(self, info: MediaInfo, picture: Picture) -> Iterator[CaptureWarning]:
        """Yields a warning when the box distorts the picture, which the request may not intend."""
        source = Size(info.display_width, info.display_height)
        image = self.geometry(picture).canvas
        yield from aspect_changed(self._spec.box, self._spec.scale_type, source, image)

    def geometry(self, picture: Picture) -> Geometry:
        """Returns the geometry of a picture's image; size and aspect may change mid-stream."""
        ratio = picture.sample_aspect_ratio
        shape = (picture.width, picture.height, ratio, picture.orientation)
        if shape not in self._geometries:
            display = display_size(*shape)
            self._geometries[shape] = fit_box(display, self._spec.box, self._spec.scale_type)
        return self._geometries[shape]

    def dhash(self, frame: Frame) -> int:
        """Returns the difference hash of a frame's luma."""
        with self._timer.stage("pixels"):
            return dhash(self._media.picture(frame))

    def feature(self, frame: Frame, measure: Measure | None) -> Any:
        """Returns the feature by which a frame is compared.

        Args:
            frame: The frame.
            measure: Computes it; None for the difference hash.
        """
        if measure is None:
            return self.dhash(frame)
        with self._timer.stage("pixels"):
            picture = self._media.picture(frame)
            return measure(
                MeasuredFrame(
                    luma=luma(picture),
                    depth=picture.layout.depth,
                    media_time=self._media.clock.media_time(frame.pts),
                    keyframe=frame.keyframe,
                    dhash=dhash(picture),
                )
            )

    def encoded(
        self, frame: Frame, *, dhash: int | None = None, stored: bytes | None = None
    ) -> Encoded:
        """Returns the encoded picture of a frame.

        Args:
            frame: The frame.
            dhash: Its hash, if already computed.
            stored: The bytes of an image file to use as they are; None to encode the frame.
        """
        with self._timer.stage("pixels"):
            picture = self._media.whole_picture(frame)
        geometry = self.geometry(picture)
        if stored is None:
            with self._timer.stage("pixels"):
                raster = render(picture, geometry, self._spec.format, self._spec.shrink_filter)
            with self._timer.stage("encode"):
                stored = encode(raster, self._spec.format, self._spec.quality)
        return Encoded(
            width=geometry.canvas.width,
            height=geometry.canvas.height,
            dhash=self.dhash(frame) if dhash is None else dhash,
            data=stored,
        )

    def image(self, pick: Pick, index: int, encoded: Encoded) -> Image:
        """Returns the image of a pick.

        Args:
            pick: The frame and why it was chosen.
            index: Its position in the output, from 1.
            encoded: Its encoded picture.
        """
        frame, clock = pick.frame, self._media.clock
        return Image(
            index=index,
            pts=frame.pts,
            time_base=clock.time_base,
            media_time=clock.nanoseconds(frame.pts),
            requested_time=pick.requested_time,
            answered_count=pick.answered_count,
            keyframe=frame.keyframe,
            damaged=frame.damaged,
            reason=pick.reason,
            dhash=encoded.dhash,
            changed_bits=pick.changed_bits,
            width=encoded.width,
            height=encoded.height,
            format=self._spec.format,
            data=encoded.data,
        )
