"""Decides which streams have fast access paths: frames without decoding all before them."""

from __future__ import annotations

from itertools import islice
from typing import Final

import av.error

from framecap.media.containers.container import Container
from framecap.media.containers.formats import FLV, MATROSKA, MP4
from framecap.media.containers.opening import Order, opening_of
from framecap.media.containers.reorder import HELD_BACK
from framecap.media.containers.starts import Starts
from framecap.media.decoding.run_decoder import KnownFrame
from framecap.model.lease import Lease

# By container, codecs whose frames after a seek were verified to equal those of a whole decoding,
# times included. Program streams are excluded: they time only some packets, and the library's
# interpolated times depend on the offset at which reading began.
_CODECS: Final = frozenset(
    {"h264", "hevc", "vp8", "vp9", "av1", "mpeg4", "mpeg2video", "mjpeg", "prores"}
)
_FAST_CODECS: Final = {
    MP4: _CODECS,
    MATROSKA: _CODECS,
    FLV: frozenset({"h264", "hevc"}),
    "hls": frozenset({"h264", "hevc"}),
    "mpegts": frozenset({"h264", "hevc"}),
}


def has_fast_paths(container: Container) -> bool:
    """Returns whether this kind of stream may have fast access paths to its frames.

    Streams whose times come from counting frames have none.
    """
    return (
        not container.cover
        and container.tiles is None
        and not container.untimed
        and not container.breaks
        and container.decoder.codec.canonical_name
        in _FAST_CODECS.get(container.native.format.name, frozenset())
    )


def first_alone(container: Container) -> KnownFrame | None:
    """Returns the first frame, decoded from the first packet alone.

    Returns None if that may not be the first frame of a whole decoding, if it is no keyframe, if it
    is interlaced (deinterlacing needs its neighbours), or if pts are decoding times. The caller
    must then open the source again.

    Args:
        container: A newly opened container.
    """
    try:
        packets = container.packets()
        packet = next(packets)
        if packet.size == 0 or not packet.is_keyframe or packet.is_discard or packet.pts is None:
            return None
        decoded = [*container.decode(packet), *container.decode(None)]
        container.decoder.flush_buffers()
        later = list(islice(packets, HELD_BACK))
        for following in later:
            if following.size and (following.pts is None or following.pts <= packet.pts):
                return None
        opening = opening_of(container, [packet, *later], packets)
    except av.error.FFmpegError:
        return None
    if len(decoded) != 1 or opening.order is Order.DECODING:
        return None
    native = decoded[0]
    if native.pts != packet.pts or not container.is_keyframe(native):
        return None
    if container.is_damaged(native) or native.interlaced_frame:
        return None
    return KnownFrame(
        pts=packet.pts,
        picture=Lease(native),
        durations=bool(native.duration) and native.duration == packet.duration,
        position=packet.pos,
        opening=opening,
        starts=Starts(container, packet),
    )
