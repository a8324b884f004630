"""HEVC's alpha: separate pictures in NAL units of layer 1, which libav 8 does not decode."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from framecap.media.bitstream.units import counted_length, sei_types, split, unescaped

_CODEC: Final = "hevc"
_PREFIX_SEI: Final = 39
_SLICES: Final = range(22)
_ALPHA_CHANNEL: Final = 165


def has_alpha_layer(extradata: bytes, keyframe: bytes) -> bool:
    """Returns whether an HEVC stream has alpha, by its headers and a keyframe's packet.

    A second layer alone may be the other eye's picture.

    Args:
        extradata: The decoder's extradata, as the container gives it.
        keyframe: The packet of a keyframe; may be empty.
    """
    units = split(keyframe, counted_length(_CODEC, extradata)) if keyframe else None
    layered = any(_layer(unit) > 0 and unit[0] >> 1 in _SLICES for unit in units or ())
    return layered and any(map(_says_alpha, (*_headers(extradata), *(units or ()))))


def _layer(unit: memoryview) -> int:
    return ((unit[0] & 1) << 5 | unit[1] >> 3) if len(unit) > 1 else 0


def _says_alpha(unit: memoryview) -> bool:
    if len(unit) < 3 or unit[0] >> 1 != _PREFIX_SEI:
        return False
    return _ALPHA_CHANNEL in (sei_types(unescaped(unit[2:])) or ())


def _headers(extradata: bytes) -> Iterator[memoryview]:
    """Yields the units in the container's extradata."""
    if counted_length(_CODEC, extradata) == 0:
        yield from split(extradata, 0) or ()
        return
    view, at = memoryview(extradata), 23
    for _ in range(extradata[22]):
        count = int.from_bytes(view[at + 1 : at + 3], "big")
        at += 3
        for _ in range(count):
            end = at + 2 + int.from_bytes(view[at : at + 2], "big")
            if at + 2 > len(view) or end > len(view):
                return
            yield view[at + 2 : end]
            at = end
