"""Reads boxes of ISO base media files (ISO/IEC 14496-12), for facts libavformat does not report."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from framecap.media.containers.window import Window

MAX_BOXES: Final = 4096
"""The most boxes of one level that are read."""

_HEAD_BYTES: Final = 16
_EXTENDED: Final = 1
_TO_THE_END: Final = 0

# A file begins with one of these.
_FIRST: Final = frozenset({b"ftyp", b"styp", b"moov", b"moof", b"sidx", b"emsg", b"prft"})
_FIRST_BUT_COMMON: Final = frozenset({b"free", b"skip", b"wide", b"mdat", b"pnot"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """The position of a box in a file."""

    kind: bytes
    """Its type, four bytes."""

    begin: int
    """The offset of its content, behind its size and type."""

    end: int
    """The offset behind it."""

    @property
    def size(self) -> int:
        """The size of its content in bytes."""
        return self.end - self.begin


def is_boxed(window: Window) -> bool:
    """Returns whether a file begins with a known box."""
    return window.read_at(0, 8)[4:] in _FIRST | _FIRST_BUT_COMMON


def boxes_in_file(window: Window, begin: int = 0, end: int | None = None) -> Iterator[Box]:
    """Yields the boxes between two offsets of a file, up to the first malformed one.

    Only their headers are read.

    Args:
        window: Reads the file.
        begin: The offset of the first box.
        end: The offset behind the last box; None for the end of the file.
    """
    last = window.size if end is None else min(end, window.size)
    for _ in range(MAX_BOXES):
        if begin + 8 > last:
            return
        head = window.read_at(begin, min(_HEAD_BYTES, last - begin))
        if len(head) < 8:
            return
        size, kind = struct.unpack_from(">I4s", head)
        inside = 8
        if size == _EXTENDED and len(head) == _HEAD_BYTES:
            (size,) = struct.unpack_from(">Q", head, 8)
            inside = 16
        elif size == _TO_THE_END:
            size = last - begin
        if size < inside:
            return
        yield Box(kind=kind, begin=begin + inside, end=min(begin + size, last))
        begin += size


def boxes_in(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yields type and content of the boxes in `data`, up to the first malformed one."""
    begin = 0
    for _ in range(MAX_BOXES):
        if begin + 8 > len(data):
            return
        size, kind = struct.unpack_from(">I4s", data, begin)
        size = len(data) - begin if size == _TO_THE_END else size
        if size < 8 or begin + size > len(data):
            return
        yield kind, data[begin + 8 : begin + size]
        begin += size


def path_in_file(window: Window, within: Box, *kinds: bytes) -> Box | None:
    """Returns the box at the end of a path of types, the first of its type at each level."""
    found: Box | None = within
    for kind in kinds:
        if found is None:
            return None
        children = boxes_in_file(window, found.begin, found.end)
        found = next((box for box in children if box.kind == kind), None)
    return found
