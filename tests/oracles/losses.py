"""Which packets gave no frame though they should have, and which HEVC keyframes lack slices.

The slow twin: every packet is kept until its frame has come, and looked at by hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from av.codec.context import CodecContext

COUNTED = (
    "h264",
    "hevc",
    "mpeg1video",
    "mpeg2video",
    "mpeg4",
    "vp8",
    "vp9",
    "av1",
    "mjpeg",
    "prores",
)


@dataclass(eq=False)
class Sent:
    """A packet on its way through the decoder."""

    data: bytes
    pts: int | None
    keyframe: bool
    discarded: bool
    corrupt: bool
    refused: bool = False
    came: bool = False
    """True once it gave a frame."""
    shown_at: int | None = None
    interlaced: bool = False
    key: Sent | None = None
    """The last keyframe before it."""
    key_before: Sent | None = None
    """The one before that."""
    lacks_slices: bool | None = None
    aspect_ratio: Fraction | None = None
    """The decoder's own, once the packet was decoded."""


def undecodable(sent: list[Sent], codec: str, extradata: bytes) -> int:
    """Returns how many of a stream's packets, in the order of decoding, are undecodable."""
    lost = 0
    begun = False
    first = min((s.shown_at for s in sent if s.shown_at is not None), default=None)
    for number, this in enumerate(sent):
        begun = begun or this.keyframe
        before = sent[number - 1] if number else None
        if this.refused:
            lost += 1
            continue
        if this.came or codec not in COUNTED or this.discarded or not begun:
            continue
        if this.pts is None:
            if not any(earlier.came for earlier in sent[:number]):
                continue
        elif first is not None and this.pts < first:
            continue
        if before is not None and before.pts is not None and before.pts == this.pts:
            continue
        if before is not None and before.came and before.interlaced:
            continue
        lost += shows(this.data, codec, extradata)
    return lost


def shows(data: bytes, codec: str, extradata: bytes) -> bool:
    """Returns whether a packet holds a picture that is to be shown, or nothing that makes sense."""
    if codec in ("h264", "hevc"):
        units = nal_units(data, codec, extradata)
        if not units:
            return True
        if codec == "h264":
            return any(unit[0] % 32 <= 5 for unit in units)
        kinds = [kind for kind in map(hevc_kind, units) if kind is not None and kind < 32]
        return any(kind not in (8, 9) for kind in kinds)
    if codec == "mpeg4":
        _, found, rest = data.partition(b"\0\0\1\xb6")
        return len(rest) > 5 if found else b"\0\0\1" not in data[:-1]
    if codec.startswith("mpeg"):
        return b"\0\0\1\0" in data or b"\0\0\1" not in data[:-1]
    if codec == "vp8":
        return data[0] % 2 == 0 or data[0] & 16 == 16
    if codec == "vp9":
        bits = "".join(f"{byte:08b}" for byte in data[:2])
        if not bits.startswith("10") or data[-1] >> 5 == 6:
            return True
        at = 5 if bits[2:4] == "11" else 4
        return bits[at] == "1" or bits[at + 2] == "1"
    return True


def hevc_kind(unit: bytes) -> int | None:
    """Returns the type of a unit of the base layer."""
    header = int.from_bytes(unit[:2], "big")
    return header >> 9 if len(unit) >= 2 and header >> 3 & 63 == 0 else None


def nal_units(data: bytes, codec: str, extradata: bytes) -> list[bytes]:
    """Returns the units of a packet; none where they are not clear."""
    boxed = (
        extradata[:1] == b"\1"
        if codec == "h264"
        else len(extradata) > 22 and not extradata.startswith((b"\0\0\0\1", b"\0\0\1"))
    )
    if not boxed:
        head, *units = data.split(b"\0\0\1")
        return [] if head.strip(b"\0") or not all(units) else units
    size = extradata[4 if codec == "h264" else 21] % 4 + 1
    units = []
    while data:
        length = int.from_bytes(data[:size], "big")
        unit, data = data[size : size + length], data[size + length :]
        if not length or len(unit) < length:
            return []
        units.append(unit)
    return units


class MissingSlices:
    """Finds HEVC keyframes of which the decoder shows parts that no slice has."""

    def __init__(self, extradata: bytes | None) -> None:
        self._extradata = extradata
        self._usual: int | None = None

    def in_picture(self, sent: Sent) -> bool:
        """Returns whether a picture counts on a keyframe that lacks slices, or is one."""
        keys = [sent if sent.keyframe else sent.key]
        if not sent.keyframe and sent.key and (sent.pts or 0) < (sent.key.pts or 0):
            keys.append(sent.key_before)
        return any(self._lacks(key) for key in keys if key is not None)

    def _lacks(self, key: Sent) -> bool:
        if key.lacks_slices is None:
            key.lacks_slices = self.in_keyframe(key)
        return key.lacks_slices

    def in_keyframe(self, sent: Sent) -> bool:
        """Returns whether slices of a keyframe's packet are missing or broken."""
        if not sent.keyframe or not sent.data:
            return False
        units = nal_units(sent.data, "hevc", self._extradata or b"")
        slices = sum((hevc_kind(unit) or 0) < 32 for unit in units if hevc_kind(unit) is not None)
        if any(b"\0\0\0" in unit.rstrip(b"\0") for unit in units):
            slices = 0
        first = self._usual is None
        self._usual = slices if self._usual is None else self._usual
        if not first and slices == self._usual == 1 and not sent.corrupt:
            return False
        # In a new decoder, what is not decoded is zero in all planes: no colour there is.
        alone = CodecContext.create("hevc", "r")
        alone.extradata, alone.thread_count = self._extradata, 1
        alone.options = {} if first and slices == 1 else {"err_detect": "explode"}
        frames: list[av.VideoFrame] = []
        for fed in (av.Packet(sent.data), None):
            try:
                frames += alone.decode(fed)
            except av.error.FFmpegError:
                continue
        return bool(frames) and _has_blank(frames[0])


def _has_blank(frame: av.VideoFrame) -> bool:
    """Returns whether a square of a frame is zero in all planes."""
    deep = 2 if frame.format.components[0].bits > 8 else 1
    masks = []
    luma = frame.planes[0]
    for plane in frame.planes:
        rows = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)
        used = rows[:, : plane.width * deep] == 0
        rows_at = np.arange(luma.height) * plane.height // luma.height
        columns = np.arange(luma.width) * plane.width // luma.width * deep
        masks.append(used[rows_at][:, columns])
    blank = np.logical_and.reduce(masks)
    height, width = blank.shape[0] // 8 * 8, blank.shape[1] // 8 * 8
    squares = blank[:height, :width].reshape(height // 8, 8, width // 8, 8)
    return bool(squares.all(axis=(1, 3)).any())
