"""Reads elements of Matroska and WebM files (RFC 8794), for facts libavformat does not report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from framecap.media.containers.window import Window

HEAD: Final = b"\x1a\x45\xdf\xa3"

SEGMENT: Final = 0x18538067
CLUSTER: Final = 0x1F43B675
TRACKS: Final = 0x1654AE6B
TRACK_ENTRY: Final = 0xAE
TRACK_TYPE: Final = 0x83
CONTENT_ENCODINGS: Final = 0x6D80
CONTENT_ENCODING: Final = 0x6240
CONTENT_ENCODING_TYPE: Final = 0x5033

VIDEO: Final = 1
ENCRYPTION: Final = 1

_MAX_ELEMENTS: Final = 4096
_LONGEST_HEAD: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """The position of an element in a file."""

    id: int
    """Its id, marker included."""

    begin: int
    """The offset of its content."""

    end: int
    """The offset behind it; the end of the file for an element without a size."""


def elements(window: Window, begin: int, end: int) -> Iterator[Element]:
    """Yields the elements between two offsets, up to the first malformed one."""
    for _ in range(_MAX_ELEMENTS):
        head = window.read_at(begin, min(_LONGEST_HEAD, end - begin)) if begin < end else b""
        id_length = _length(head, 0)
        size_length = _length(head, id_length)
        inside = id_length + size_length
        if not id_length or not size_length or id_length > 4 or inside > len(head):
            return
        number = int.from_bytes(head[:id_length], "big")
        size = int.from_bytes(head[id_length:inside], "big") & (1 << 7 * size_length) - 1
        unknown = size == (1 << 7 * size_length) - 1
        after = end if unknown else min(begin + inside + size, end)
        yield Element(id=number, begin=begin + inside, end=after)
        begin = after


def children(window: Window, within: Element, number: int) -> Iterator[Element]:
    """Yields the children of an element that have one id."""
    for element in elements(window, within.begin, within.end):
        if element.id == number:
            yield element


def integer(window: Window, element: Element) -> int:
    """Returns the value of an element that holds an unsigned integer."""
    return int.from_bytes(window.read_at(element.begin, min(8, element.end - element.begin)), "big")


def _length(head: bytes, position: int) -> int:
    """Returns the length in bytes of the number at `position`; 0 when there is none."""
    if position >= len(head) or not head[position]:
        return 0
    return 9 - head[position].bit_length()
