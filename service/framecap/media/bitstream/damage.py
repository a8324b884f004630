"""Damage that a decoder does not flag: HEVC keyframes of which slices are missing or broken.

libav's H.264 decoder flags a picture of which it had to conceal some area. Its HEVC decoder leaves
that area as the buffer was: green in a new buffer, else the samples of an older picture. Nothing in
the frame says so.

A keyframe refers to no other picture. So its packet is decoded alone, in a decoder whose buffers
are new and therefore zero, and once more in buffers with other contents: samples that differ belong
to no slice. A picture that is coded as green, or as black, is the same in both.

That costs a decoding, so only suspicious packets are examined: packets of several slices, or of
another number of slices than the stream's first, packets that the container flags as corrupt, and
packets whose bytes cannot be whole NAL units. A single slice that is broken within is not found,
nor is a missing slice of a picture between keyframes. Pictures decoded behind a keyframe with
missing slices, up to the next keyframe, refer to it and are damaged, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TypeAlias, cast

import av.error
import numpy as np
import numpy.typing as npt
from av.codec.context import CodecContext
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from framecap.media.bitstream.units import counted_length, units_of

_CODEC: Final = "hevc"
_FIRST_HEADER: Final = 32

# Three zeros in a row cannot be within a NAL unit.
_ZEROS: Final = b"\0\0\0"

# The spacing of the samples examined first: less than the smallest coding tree block.
_STEP: Final = 8

_BACKGROUND: Final = 0xFF

_Identity: TypeAlias = tuple[int | None, int, int | None]

Samples: TypeAlias = npt.NDArray[np.uint8]


@dataclass(slots=True, eq=False)
class Suspect:
    """A keyframe's packet whose slices may be incomplete."""

    packet: Packet[Any]
    """A copy: packets refer to their suspects, so a reference back would keep both for ever."""

    only_if_blank: bool = False
    """True if its decoder was new, so that missing slices are zero in its picture."""

    damaged: bool | None = None
    """Whether slices are missing; None until it was examined."""


class SliceCheck:
    """Finds keyframes with missing slices. Containers on one source share it.

    The stream's first keyframe must be checked before others, and come from a new decoder.
    """

    def __init__(self) -> None:
        self._usual: int | None = None
        self._first_identity: _Identity | None = None
        self._first: Suspect | None = None

    @property
    def first(self) -> bytes:
        """The packet of an HEVC stream's first keyframe; empty before it, and for other codecs."""
        return b"" if self._first is None else bytes(self._first.packet)

    def suspect(self, packet: Packet[Any], decoder: VideoCodecContext) -> Suspect | None:
        """Returns the suspect to examine once the packet's frame is decoded; None if none."""
        if not packet.is_keyframe or decoder.codec.canonical_name != _CODEC:
            return None
        identity = (packet.pos, packet.size, packet.pts)
        if identity == self._first_identity:
            return self._first
        slices = _slices(packet, decoder.extradata or b"")
        usual = slices == 1 and self._usual in (None, 1) and not packet.is_corrupt
        if self._usual is None:
            self._usual = slices
            self._first_identity = identity
            self._first = _suspect(packet, only_if_blank=usual)
            return self._first
        return None if usual else _suspect(packet, only_if_blank=False)

    def is_damaged(self, suspect: Suspect, native: VideoFrame, decoder: VideoCodecContext) -> bool:
        """Returns whether some area of a keyframe's picture is covered by no slice.

        Args:
            suspect: The keyframe's packet.
            native: The keyframe's own frame, or one that refers to it. False is returned if it is
                the keyframe's own and differs from the picture that the packet gives alone.
            decoder: The decoder that gave the frame.
        """
        if suspect.damaged is None:
            shown_at, key = native.pts or 0, suspect.packet.pts or 0
            if shown_at < key:
                # A leading picture, which is shown before its keyframe.
                return _is_partial(suspect.packet, None, decoder)
            if shown_at > key:
                # The keyframe gave no frame of its own.
                suspect.damaged = False
                return False
            seems_whole = suspect.only_if_blank and not _has_blank(_luma(native))
            suspect.damaged = not seems_whole and _is_partial(suspect.packet, native, decoder)
        return suspect.damaged


def _suspect(packet: Packet[Any], *, only_if_blank: bool) -> Suspect:
    copy: Packet[Any] = Packet(bytes(packet))
    copy.pts, copy.dts = packet.pts, packet.dts
    return Suspect(copy, only_if_blank=only_if_blank)


def _slices(packet: Packet[Any], extradata: bytes) -> int:
    """Returns the number of base layer slices in a packet; 0 if its units cannot be parsed."""
    units = units_of(packet, counted_length(_CODEC, extradata))
    slices = 0
    for unit in units or ():
        if len(unit) < 3 or _ZEROS in bytes(unit).rstrip(b"\0"):
            return 0
        layer = (unit[0] & 1) << 5 | unit[1] >> 3
        slices += layer == 0 and unit[0] >> 1 < _FIRST_HEADER
    return slices


def _is_partial(packet: Packet[Any], native: VideoFrame | None, decoder: VideoCodecContext) -> bool:
    alone = cast("VideoCodecContext", CodecContext.create(decoder.codec.name, "r"))
    alone.extradata = decoder.extradata
    alone.thread_count = 1
    # Decoding ends at a broken slice, so that the buffer behind it keeps its contents.
    alone.options = {**decoder.options, "err_detect": "explode"}
    first = _first_luma(alone, packet)
    if first is None or not _has_blank(first):
        return False
    alone.flush_buffers()
    again = _decoded(alone, packet)
    if again is None:
        return False
    blank = first != _luma(again)
    if not blank.any():
        return False
    coded = ~blank
    if native is None or not coded.any():
        return True
    # A picture that differs from the frame's needed more than its packet: then nothing is known.
    shown = _luma(native)
    if shown.shape != first.shape:
        return False
    same = first[coded] == shown[coded]
    return bool(same.mean() > 0.5)


def _first_luma(alone: VideoCodecContext, packet: Packet[Any]) -> Samples | None:
    """Returns the luma of a packet decoded alone, and fills the frame's buffers with background.

    The frame is freed with the call, so that the decoder reuses its buffers for the next one.
    """
    frame = _decoded(alone, packet)
    if frame is None:
        return None
    luma = _luma(frame).copy()
    if _has_blank(luma):
        for plane in frame.planes:
            np.frombuffer(cast("bytes", plane), np.uint8)[:] = _BACKGROUND
    return luma


def _decoded(alone: VideoCodecContext, packet: Packet[Any]) -> VideoFrame | None:
    """Returns the frame of a packet decoded alone; None if it gives none."""
    frames: list[VideoFrame] = []
    for fed in (packet, None):
        try:
            frames += alone.decode(fed)
        except av.error.FFmpegError:
            continue
    return frames[0] if frames else None


def _has_blank(luma: Samples) -> bool:
    """Returns whether some of a picture's samples are zero, by a grid of samples."""
    return bool((luma[::_STEP, ::_STEP] == 0).any())


def _luma(native: VideoFrame) -> Samples:
    """Returns the bytes of a frame's first plane, shape (rows, bytes), without padding."""
    plane = native.planes[0]
    rows = np.frombuffer(cast("bytes", plane), np.uint8)
    rows = rows[: plane.line_size * plane.height].reshape(plane.height, plane.line_size)
    return rows[:, : plane.width * (2 if native.format.components[0].bits > 8 else 1)]
