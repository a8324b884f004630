"""Facts about a stream's times that no header says and its first packets show.

Two things come to light only there: whether pts are those of decoding, although pictures are
reordered, and from where on the library guesses durations that the stream does not have.
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

from framecap.media.container import Container
from framecap.media.reorder import HELD_BACK
from framecap.media.skipping.units import units_of
from framecap.media.timeline import NEVER_GUESSED
from framecap.timebase import Pts

# Codecs that may show pictures in another order than they are decoded in.
_REORDERING: Final = frozenset(
    {"h264", "hevc", "mpeg1video", "mpeg2video", "mpeg4", "msmpeg4", "vc1", "wmv3", "rv30", "rv40"}
)

_MPEG: Final = frozenset({"mpeg1video", "mpeg2video"})
_MPEG_PICTURE: Final = b"\0\0\1\0"
_MPEG_B: Final = 3
_H264_IDR: Final = 5

# An IDR picture without leading ones.
_HEVC_IDR_ALONE: Final = 20

# Packets decoded to see whether times step back.
_DECODED: Final = 2 * HELD_BACK

# The library opens a file by reading so many bytes of it at most, and keeps the packets: these
# have no guessed durations.
_PROBED_BYTES: Final = 5_000_000


class Order(Enum):
    """The order in which pictures are shown, as far as it is known."""

    SHOWN = "shown"
    """Packets have the times at which pictures are shown."""

    DECODING = "decoding"
    """Packets have times of decoding, and pictures are reordered."""

    UNKNOWN = "unknown"
    """The codec may reorder pictures, but none was among the first."""


@dataclass(frozen=True, slots=True)
class Opening:
    """Facts that the first packets show."""

    order: Order
    """In which order pictures are shown."""

    durations_from: Pts | None
    """As `Timeline` has it, for readings that begin elsewhere."""


SOUND: Final = Opening(Order.SHOWN, NEVER_GUESSED)
"""The facts of most streams."""


def look(container: Container) -> Opening:
    """Returns the facts that the first packets of a freshly opened container show."""
    try:
        packets = container.packets()
        return opening_of(container, list(islice(packets, 1 + HELD_BACK)), packets)
    except av.error.FFmpegError:
        # A reading of frames meets the error again, and counts it.
        return Opening(Order.UNKNOWN, NEVER_GUESSED)


def position_of(container: Container, first: Pts) -> int | None:
    """Returns where in the file the packet of the first frame lies, where that shows.

    Args:
        container: Freshly opened.
        first: The pts of the first frame.
    """
    with suppress(av.error.FFmpegError):
        for packet in islice(container.packets(), 1 + HELD_BACK):
            if packet.pts == first and packet.is_keyframe:
                return packet.pos
    return None


def is_shown_first(container: Container, keyframe: Packet[Any]) -> bool:
    """Returns whether it is certain that no picture behind a keyframe is shown before it."""
    codec = container.decoder.codec.canonical_name
    extradata = container.decoder.extradata or b""
    if codec in _MPEG:
        found = bytes(keyframe).partition(_MPEG_PICTURE)[2]
        # The number in its group, counted as shown, is in the first ten bits.
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
    """Returns the facts that the first packets show, and reads few more where they leave it open.

    Few are decoded, and only where packets' times rise all along although the stream says that it
    reorders. Leaves the decoder flushed.

    Args:
        container: The open container.
        first: The first packets.
        packets: Those behind them.

    Raises:
        av.error.FFmpegError: The file cannot be read on.
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
        # Headers say so: a B picture is always shown before the one it was decoded behind.
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
    """Returns the pts from which a stream without durations gets guessed ones; None for nowhere.

    A whole decoding gives those too, so that the end is the same in every mode.
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
    """Returns whether a time is not after the one before it, or missing."""
    latest: Pts | None = None
    for time in times:
        if time is None or (latest is not None and time <= latest):
            return True
        latest = time
    return False
