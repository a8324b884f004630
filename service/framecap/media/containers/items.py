"""Reads the items of a HEIF file (ISO/IEC 23008-12): the primary picture and its sources."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Final

from framecap.errors import MediaCorrupt
from framecap.media.containers.boxes import Box, boxes_in, boxes_in_file
from framecap.media.containers.cursor import SharedFile
from framecap.media.containers.window import Window
from framecap.model.media import Orientation

_MAX_META_BYTES: Final = 16 << 20
_MAX_PAYLOAD_BYTES: Final = 64

_IN_FILE: Final = 0
_IN_IDAT: Final = 1

_CORRUPT: Final = "the description of the picture's parts cannot be read"


@dataclass(slots=True)
class Item:
    """One item of a HEIF file."""

    kind: bytes
    """Its type: `hvc1` and `av01` are coded pictures, `grid` is a derived one."""

    derived_from: tuple[int, ...] = ()
    """The ids of the items that it is derived from, in order."""

    properties: list[tuple[bytes, bytes]] = field(default_factory=list)
    """Type and content of its properties, in order."""

    extents: list[tuple[int, int, int]] = field(default_factory=list)
    """The location of its data: construction method, offset and length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """The items of a file."""

    primary: int
    """The id of the picture to show."""

    by_id: dict[int, Item]
    """All items."""

    idat: bytes
    """The content of the item data box, which some items refer to."""

    file: SharedFile
    """The file."""

    def payload(self, item: Item) -> bytes:
        """Returns an item's data, at most its first `_MAX_PAYLOAD_BYTES`.

        Raises:
            MediaCorrupt: Its construction method is not read.
        """
        data = b""
        for method, offset, length in item.extents:
            lacking = _MAX_PAYLOAD_BYTES - len(data)
            # A length of 0 means that the data extends to the end.
            length = min(length or lacking, lacking)
            if method == _IN_IDAT:
                data += self.idat[offset : offset + length]
            elif method == _IN_FILE:
                data += self.file.read_at(offset, length)
            else:
                raise MediaCorrupt(_CORRUPT)
        return data


def read_items(file: SharedFile) -> Items | None:
    """Returns the items of a file; None when it has none, or has tracks as well.

    Raises:
        MediaCorrupt: The description of the items is malformed.
    """
    metas: list[Box] = []
    for box in boxes_in_file(Window(file)):
        if box.kind == b"moov":
            return None
        if box.kind == b"meta":
            metas.append(box)
    if not metas:
        return None
    meta = metas[0]
    if meta.size > _MAX_META_BYTES:
        raise MediaCorrupt(_CORRUPT)
    data = file.read_at(meta.begin, meta.size)
    boxes = dict(boxes_in(data[4:]))
    try:
        primary = _primary(boxes[b"pitm"])
        by_id = {number: Item(kind) for number, kind in _infos(boxes[b"iinf"])}
        _read_references(boxes.get(b"iref", b""), by_id)
        _read_locations(boxes.get(b"iloc", b""), by_id)
        _read_properties(boxes.get(b"iprp", b""), by_id)
    except (KeyError, struct.error, IndexError) as error:
        raise MediaCorrupt(_CORRUPT) from error
    return Items(primary=primary, by_id=by_id, idat=boxes.get(b"idat", b""), file=file)


def orientation_of(item: Item) -> Orientation:
    """Returns the orientation that an item's properties give its picture, applied in order.

    Raises:
        MediaCorrupt: Its properties are malformed.
    """
    turns, mirrored = 0, False
    for kind, content in item.properties:
        if kind == b"irot":
            turns = (turns - (_byte(content) & 3)) % 4
        elif kind == b"imir":
            # A mirror after a turn equals the mirror before the opposite turn. Axis 0 exchanges
            # top and bottom: that is an exchange of left and right, and half a turn.
            turns = (-turns + (0 if _byte(content) & 1 else 2)) % 4
            mirrored = not mirrored
    return Orientation(quarter_turns=turns, mirrored=mirrored)


def _byte(content: bytes) -> int:
    if not content:
        raise MediaCorrupt(_CORRUPT)
    return content[0]


def _primary(content: bytes) -> int:
    number: int
    (number,) = struct.unpack_from(">I" if content[0] else ">H", content, 4)
    return number


def _infos(content: bytes) -> list[tuple[int, bytes]]:
    found = []
    for kind, info in boxes_in(content[8 if content[0] else 6 :]):
        # Versions 0 and 1 have no types, and no pictures.
        if kind == b"infe" and info[0] in (2, 3):
            layout = ">H2x4s" if info[0] == 2 else ">I2x4s"
            found.append(struct.unpack_from(layout, info, 4))
    return found


def _read_references(content: bytes, by_id: dict[int, Item]) -> None:
    wide = bool(content and content[0])
    for kind, body in boxes_in(content[4:]):
        if kind != b"dimg":
            continue
        number, count = struct.unpack_from(">IH" if wide else ">HH", body)
        letter = "I" if wide else "H"
        of = struct.unpack_from(f">{count}{letter}", body, 6 if wide else 4)
        if number in by_id:
            by_id[number].derived_from = of


def _read_locations(content: bytes, by_id: dict[int, Item]) -> None:
    if not content:
        return
    version = content[0]
    sizes = content[4] >> 4, content[4] & 15, content[5] >> 4, content[5] & 15
    offset_size, length_size, base_size, index_size = sizes
    reader = _NumberReader(content, 6)
    for _ in range(reader.number(4 if version == 2 else 2)):
        number = reader.number(4 if version == 2 else 2)
        method = reader.number(2) & 15 if version else _IN_FILE
        reader.number(2)
        base = reader.number(base_size)
        for _ in range(reader.number(2)):
            if version:
                reader.number(index_size)
            offset, length = reader.number(offset_size), reader.number(length_size)
            if number in by_id:
                by_id[number].extents.append((method, base + offset, length))


class _NumberReader:
    """Reads consecutive big-endian numbers of any size."""

    def __init__(self, data: bytes, position: int) -> None:
        self._data = data
        self._position = position

    def number(self, size: int) -> int:
        """Returns the next number.

        Raises:
            IndexError: Fewer than `size` bytes are left.
        """
        end = self._position + size
        if end > len(self._data):
            raise IndexError
        number = int.from_bytes(self._data[self._position : end], "big")
        self._position = end
        return number


def _read_properties(content: bytes, by_id: dict[int, Item]) -> None:
    boxes = list(boxes_in(content))
    properties = [found for kind, body in boxes if kind == b"ipco" for found in boxes_in(body)]
    for kind, body in boxes:
        if kind != b"ipma":
            continue
        version, large = body[0], bool(body[3] & 1)
        reader = _NumberReader(body, 4)
        for _ in range(reader.number(4)):
            number = reader.number(4 if version else 2)
            for _ in range(reader.number(1)):
                index = reader.number(2) & 0x7FFF if large else reader.number(1) & 0x7F
                if index and number in by_id:
                    by_id[number].properties.append(properties[index - 1])
