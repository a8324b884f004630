"""What a source contains, from its headers and its first frame."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from framecap.media.container import Container
from framecap.media.streams import is_cover
from framecap.media.timeline import stream_starts
from framecap.model.media import MediaInfo, Picture
from framecap.timebase import Clock, Nanoseconds, Pts, floor_nanoseconds

_MICROSECONDS: Final = Fraction(1, 1_000_000)


def describe(
    container: Container,
    clock: Clock,
    picture: Picture,
    display: tuple[int, int],
    *,
    first_pts: Pts | None,
) -> MediaInfo:
    """Returns what the source contains.

    Args:
        container: The open container.
        clock: The captured stream's clock.
        picture: The first frame's picture, or the cover's: rotation is known from frames only.
        display: Width and height of the picture on screen.
        first_pts: The first frame's pts; None for a cover.
    """
    context = container.decoder
    return MediaInfo(
        container=container.native.format.name,
        codec=context.codec.canonical_name,
        cover=container.cover,
        stream_index=container.stream.index,
        stream_ordinal=ordinal(container),
        coded_width=picture.width,
        coded_height=picture.height,
        display_width=display[0],
        display_height=display[1],
        sample_aspect_ratio=picture.sample_aspect_ratio,
        orientation=picture.orientation,
        pixel_format=context.pix_fmt or "",
        frame_rate=None if container.cover else container.frame_rate,
        clock=clock,
        streams=() if container.untimed else stream_starts(container, first_pts),
        duration=claimed_duration(container),
        frame_count=container.stream.frames or None,
    )


def ordinal(container: Container) -> int:
    """Returns the stream's ordinal among the video streams that are not covers; 0 for a cover."""
    if container.cover:
        return 0
    videos = [stream.index for stream in container.native.streams.video if not is_cover(stream)]
    return videos.index(container.stream.index)


def claimed_duration(container: Container) -> Nanoseconds | None:
    """Returns how long the video is as the container claims, which may be far from the truth."""
    stream = container.stream
    if not container.cover and stream.duration:
        return floor_nanoseconds(stream.duration * container.time_base)
    if container.native.duration is not None and container.native.duration > 0:
        return floor_nanoseconds(container.native.duration * _MICROSECONDS)
    return None


def sample_aspect_ratio(container: Container) -> Fraction:
    """Returns the shape of a stored pixel; square where the file says nothing or nonsense."""
    ratio = container.stream.sample_aspect_ratio
    if container.cover or ratio is None or ratio <= 0:
        return Fraction(1)
    return Fraction(ratio)
