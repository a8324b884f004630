"""Describes a source by its headers and its first frame."""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction
from typing import Final

import av.error

from framecap.media.containers.container import Container
from framecap.media.containers.streams import is_cover
from framecap.media.containers.timeline import stream_starts
from framecap.model.media import MediaInfo, Picture
from framecap.timebase import Clock, Nanoseconds, Pts, floor_nanoseconds

# Bytes of a raw stream that are read to count pictures.
_COUNTED_BYTES: Final = 64 << 20

# Seconds that may be missing at the end of an AVI's index: empty chunks are not listed.
_STUB_SECONDS: Final = 1

_MICROSECONDS: Final = Fraction(1, 1_000_000)


def describe(
    container: Container,
    clock: Clock,
    picture: Picture,
    display: tuple[int, int],
    *,
    first_pts: Pts | None,
) -> MediaInfo:
    """Returns a description of the source.

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
        frame_rate=None if container.cover else shown_rate(container),
        clock=clock,
        streams=() if container.untimed else stream_starts(container, first_pts),
        duration=claimed_duration(container),
        frame_count=_listed_pictures(container) or container.stream.frames or None,
        dolby_vision=container.description.dolby_vision,
    )


def shown_rate(container: Container) -> Fraction | None:
    """Returns frames per second.

    Without presentation times it is the number of pictures over their length: for AVI by its
    index, for raw streams by their first packets.
    """
    if container.counts_chunks:
        pictures = _listed_pictures(container)
        length = _listed_length(container, pictures)
        if pictures and length > 0:
            return pictures / (length * container.time_base)
    elif container.untimed:
        pictures, length = _read_on(container)
        if pictures and length > 0:
            return pictures / (length * container.time_base)
    return container.frame_rate


def _listed_pictures(container: Container) -> int:
    """Returns the number of pictures in an AVI's index; 0 without one, or for other formats."""
    entries = container.stream.index_entries if container.counts_chunks else ()
    if not entries:
        return 0
    # Without an index, the library lists the packets it has read so far.
    missing = (container.stream.duration or 0) - entries[len(entries) - 1].timestamp
    return len(entries) if missing * container.time_base <= _STUB_SECONDS else 0


def _listed_length(container: Container, pictures: int) -> Pts:
    """Returns the length of an AVI that its header claims, unless its index shows it too long.

    Empty chunks may follow the last picture, but fewer than lie between two: a header that claims
    more counts a picture that is not there.
    """
    claimed: Pts = container.stream.duration or 0
    if pictures < 2:
        return claimed
    entries = container.stream.index_entries
    first, last = entries[0].timestamp, entries[len(entries) - 1].timestamp
    missing = claimed - (last + 1)
    return last + 1 if missing * (pictures - 1) >= last - first else claimed


def _read_on(container: Container) -> tuple[int, Pts]:
    """Returns the number of pictures in the first packets of a raw stream, and their length."""
    pictures, length, weight = 0, 0, 0
    with Container(container.file) as other, suppress(av.error.FFmpegError):
        for packet in other.packets():
            pictures += bool(packet.size)
            length += packet.duration or 0
            weight += packet.size
            if weight > _COUNTED_BYTES:
                break
    return pictures, length


def ordinal(container: Container) -> int:
    """Returns the stream's ordinal among the video streams that are not covers; 0 for a cover."""
    if container.cover:
        return 0
    videos = [stream.index for stream in container.native.streams.video if not is_cover(stream)]
    return videos.index(container.stream.index)


def claimed_duration(container: Container) -> Nanoseconds | None:
    """Returns the duration that the container claims, which may be far from the truth."""
    stream = container.stream
    if not container.cover and stream.duration:
        return floor_nanoseconds(stream.duration * container.time_base)
    if container.native.duration is not None and container.native.duration > 0:
        return floor_nanoseconds(container.native.duration * _MICROSECONDS)
    return None
