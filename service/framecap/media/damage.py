"""Damage that a decoder does not flag: HEVC keyframes of which slices are missing or broken.

libav's H.264 decoder flags a picture of which it had to make up a part. Its HEVC decoder leaves
that part of the picture as the buffer was: green in a new one, else what an older picture left
there. Nothing in the frame says so.

A keyframe counts on no other picture. So its packet is decoded alone, in a decoder whose buffers
are new and therefore zero, and once more where the buffers hold something else: samples that
differ are of no slice. A picture that is coded as green, or as black, is the same in both.

That costs a decoding, so only suspicious packets are looked at: those of several slices, or of
another number than the stream's first, those that the container flags as corrupt, and those whose
bytes cannot be of whole NAL units. A packet of a single slice that is broken within is not found,
nor is a missing slice of a picture between keyframes. What is decoded behind a keyframe with
missing slices, up to the next keyframe, counts on it and is damaged too.
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

from framecap.media.skipping.units import counted_length, units_of

_CODEC: Final = "hevc"
_FIRST_HEADER: Final = 32

# Three zeros in a row cannot be within a NAL unit.
_ZEROS: Final = b"\0\0\0"

# Samples between those that are looked at first: less than the smallest coding tree block.
_STEP: Final = 8

_BACKGROUND: Final = 0xFF

_Identity: TypeAlias = tuple[int | None, int, int | None]

Samples: TypeAlias = npt.NDArray[np.uint8]


@dataclass(slots=True, eq=False)
class Suspect:
    """A keyframe's packet of which slices may be missing."""

    packet: Packet[Any]
    """A copy: a mark that held the packet it marks would keep it for ever."""

    only_if_blank: bool = False
    """True where its decoder was new, so that what is missing can be seen in its picture."""

    damaged: bool | None = None
    """Whether slices are missing, once that was looked at."""


class SliceCheck:
    """Finds keyframes with missing slices. Containers on one source share it.

    The stream's first keyframe comes to it before others, from a decoder that is new.
    """

    def __init__(self) -> None:
        self._usual: int | None = None
        self._first_identity: _Identity | None = None
        self._first: Suspect | None = None

    @property
    def first(self) -> bytes:
        """The packet of an HEVC stream's first keyframe; empty before it, and of other codecs."""
        return b"" if self._first is None else bytes(self._first.packet)

    def suspect(self, packet: Packet[Any], decoder: VideoCodecContext) -> Suspect | None:
        """Returns what to look at once the packet's frame has come; None where all seems well."""
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
        """Returns whether parts of a keyframe's picture come of no slice.

        Args:
            suspect: Its packet.
            native: A frame that counts on it. Where it is the keyframe's own, and its picture not
                the one that the packet gives by itself, nothing is known.
            decoder: Gave the frame.
        """
        if suspect.damaged is None:
            shown_at, key = native.pts or 0, suspect.packet.pts or 0
            if shown_at < key:
                # A leading picture, which comes before its keyframe does.
                return _is_partial(suspect.packet, None, decoder)
            if shown_at > key:
                # The keyframe's own frame never came.
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
    """Returns how many slices of the base layer a packet has; 0 where its units are not clear."""
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
    # At a broken slice decoding ends, so that what lies behind it is left as it was.
    alone.options = {**decoder.options, "err_detect": "explode"}
    frame = _decoded(alone, packet)
    if frame is None:
        return False
    first = _luma(frame).copy()
    if not _has_blank(first):
        return False
    # Its buffers are the next frame's.
    for number in range(len(frame.planes)):
        np.frombuffer(cast("bytes", frame.planes[number]), np.uint8)[:] = _BACKGROUND
    del frame
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
    # Another picture than the one that came needed more than its packet: nothing follows from it.
    shown = _luma(native)
    if shown.shape != first.shape:
        return False
    same = first[coded] == shown[coded]
    return bool(same.mean() > 0.5)


def _decoded(alone: VideoCodecContext, packet: Packet[Any]) -> VideoFrame | None:
    """Returns the frame of a packet by itself; None where it gives none."""
    frames: list[VideoFrame] = []
    for fed in (packet, None):
        try:
            frames += alone.decode(fed)
        except av.error.FFmpegError:
            continue
    return frames[0] if frames else None


def _has_blank(luma: Samples) -> bool:
    """Returns whether a part of a picture is zero."""
    return bool((luma[::_STEP, ::_STEP] == 0).any())


def _luma(native: VideoFrame) -> Samples:
    """Returns the bytes of a frame's first plane, shape (rows, bytes), without padding."""
    plane = native.planes[0]
    rows = np.frombuffer(cast("bytes", plane), np.uint8)
    rows = rows[: plane.line_size * plane.height].reshape(plane.height, plane.line_size)
    return rows[:, : plane.width * (2 if native.format.components[0].bits > 8 else 1)]
