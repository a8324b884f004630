"""Reads facts about a stream's times that no header states from its first packets.

There are two: whether pts are decoding times although pictures are reordered, and the pts from
which the library guesses durations that the stream does not have.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from itertools import chain, islice
from typing import Any, Final

import av.error
from av.packet import Packet

from framecap.media.bitstream.units import units_of
from framecap.media.containers.container import Container
from framecap.media.containers.reorder import HELD_BACK
from framecap.media.containers.timeline import NEVER_GUESSED
from framecap.timebase import Pts

# Codecs whose display order may differ from the decoding order.
_REORDERING: Final = frozenset(
    {"h264", "hevc", "mpeg1video", "mpeg2video", "mpeg4", "msmpeg4", "vc1", "wmv3", "rv30", "rv40"}
)

_MPEG: Final = frozenset({"mpeg1video", "mpeg2video"})
_MPEG_PICTURE: Final = b"\0\0\1\0"
_MPEG_B: Final = 3
_H264_IDR: Final = 5

# An IDR picture without leading ones.
_HEVC_IDR_ALONE: Final = 20

# Packets that are decoded to check whether times step back.
_DECODED: Final = 2 * HELD_BACK

# The most bytes that the library reads when it opens a file. It keeps these packets, and they have
# no guessed durations.
_PROBED_BYTES: Final = 5_000_000


class Order(Enum):
    """The order that the pts of packets follow, as far as it is known."""

    SHOWN = "shown"
    """The pts are display times."""

    DECODING = "decoding"
    """The pts are decoding times, although pictures are reordered."""

    UNKNOWN = "unknown"
    """The codec may reorder pictures, but did not reorder any of the first ones."""


@dataclass(frozen=True, slots=True)
class Opening:
    """Facts that the first packets show."""

    order: Order
    """The order that the pts of packets follow."""

    durations_from: Pts | None
    """The argument of `Timeline` for decoding that does not begin at the start."""


SOUND: Final = Opening(Order.SHOWN, NEVER_GUESSED)
"""The facts of most streams."""


def inspect_opening(container: Container) -> Opening:
    """Returns the facts that the first packets of a newly opened container show."""
    try:
        packets = container.packets()
        return opening_of(container, list(islice(packets, 1 + HELD_BACK)), packets)
    except av.error.FFmpegError:
        # The error occurs again, and is counted, when frames are decoded.
        return Opening(Order.UNKNOWN, NEVER_GUESSED)


def position_of(container: Container, first: Pts) -> int | None:
    """Returns the file offset of the first frame's packet; None when it is not found.

    Args:
        container: A newly opened container.
        first: The pts of the first frame.
    """
    with suppress(av.error.FFmpegError):
        for packet in islice(container.packets(), 1 + HELD_BACK):
            if packet.pts == first and packet.is_keyframe:
                return packet.pos
    return None


def is_shown_first(container: Container, keyframe: Packet[Any]) -> bool:
    """Returns whether certainly no picture decoded after a keyframe is shown before it."""
    codec = container.decoder.codec.canonical_name
    extradata = container.decoder.extradata or b""
    if codec in _MPEG:
        found = bytes(keyframe).partition(_MPEG_PICTURE)[2]
        # The first ten bits are its number in the group, in display order.
        return len(found) > 1 and found[0] == 0 and found[1] >> 6 == 0
    if codec == "h264":
        units = units_of(keyframe, (extradata[4] & 3) + 1 if extradata[:1] == b"\1" else 0)
        return any(unit[0] & 0x1F == _H264_IDR for unit in units or () if len(unit))
    if codec == "hevc":
        units = units_of(
            keyframe, (extradata[21] & 3) + 1 if len(extradata) > 22 and extradata[0] == 1 else 0
        )
        return any(unit[0] >> 1 & 0x3F == _HEVC_IDR_ALONE for unit in units or () if len(unit))
    return codec not in _REORDERING


def opening_of(
    container: Container, first: list[Packet[Any]], packets: Iterator[Packet[Any]]
) -> Opening:
    """Returns the facts that the first packets show; reads a few more if they do not decide.

    A few packets are decoded, and only if all their times rise although the stream states that it
    reorders. Leaves the decoder flushed.

    Args:
        container: The open container.
        first: The first packets.
        packets: The packets behind them.

    Raises:
        av.error.FFmpegError: The file cannot be read further.
    """
    context = container.decoder
    order = Order.SHOWN
    if (
        context.codec.canonical_name in _REORDERING
        and context.has_b_frames
        and not _steps_back(packet.pts for packet in first if packet.size)
    ):
        first = [*first, *islice(packets, _DECODED - len(first))]
        order = _order_of(container, [packet for packet in first if packet.size])
    if not first or first[0].duration:
        return Opening(order, NEVER_GUESSED)
    return Opening(order, _guessed_from(chain(first, packets)))


def _order_of(container: Container, tried: Sequence[Packet[Any]]) -> Order:
    if _steps_back(packet.pts for packet in tried):
        return Order.SHOWN
    context = container.decoder
    if context.codec.canonical_name in _MPEG:
        # Headers decide: a B picture is always shown before the picture decoded before it.
        return Order.DECODING if any(map(_is_b_picture, tried)) else Order.UNKNOWN
    decoded: list[Pts | None] = []
    context.flush_buffers()
    for packet in (*tried, None):
        try:
            decoded += [native.pts for native in container.decode(packet)]
        except av.error.FFmpegError:
            continue
    context.flush_buffers()
    return Order.DECODING if _steps_back(decoded) else Order.UNKNOWN


def _is_b_picture(packet: Packet[Any]) -> bool:
    found = bytes(packet).partition(_MPEG_PICTURE)[2]
    return len(found) > 1 and found[1] >> 3 & 7 == _MPEG_B


def _guessed_from(packets: Iterable[Packet[Any]]) -> Pts | None:
    """Returns the pts from which a stream without durations gets guessed ones; None for never.

    A whole decoding gets the same durations, so that the end is the same in every mode.
    """
    weight = 0
    for packet in packets:
        if packet.duration:
            return packet.pts
        weight += packet.size
        if packet.size == 0 or weight > _PROBED_BYTES:
            return None
    return None


def _steps_back(times: Iterable[Pts | None]) -> bool:
    """Returns whether a time is missing or not after the one before it."""
    latest: Pts | None = None
    for time in times:
        if time is None or (latest is not None and time <= latest):
            return True
        latest = time
    return False
