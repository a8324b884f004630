"""HEIC and AVIF files of one picture or of a grid of tiles, box by box (ISO/IEC 23008-12)."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Final

import av
import numpy as np
import numpy.typing as npt

from support.boxes import box, boxes, children

Samples = npt.NDArray[np.uint8]

BRANDS: Final = {"heic": b"heic", "avif": b"avif"}
ENCODERS: Final = {"heic": "libx265", "avif": "libsvtav1"}
ITEM_TYPES: Final = {"heic": b"hvc1", "avif": b"av01"}
CONFIGURATIONS: Final = {"heic": b"hvcC", "avif": b"av1C"}
OPTIONS: Final = {
    # With B frames, x265 gives a single picture no dts.
    "heic": {
        "preset": "ultrafast",
        "x265-params": "log-level=0:pools=1:frame-threads=1:bframes=0:crf=12",
    },
    "avif": {"preset": "12", "crf": "12", "svtav1-params": "avif=1:lp=1"},
}

_FIRST_OF_STSD: Final = 16
_VISUAL_SAMPLE_ENTRY: Final = 86


@dataclass(frozen=True)
class Item:
    """One item of a file."""

    kind: bytes
    data: bytes
    properties: Sequence[bytes] = ()
    """Whole property boxes."""
    tiles: Sequence[int] = ()
    """The ids of the items it is derived from."""
    thumbnail_of: int = 0
    hidden: bool = False
    in_idat: bool = False


def drawn(width: int, height: int) -> Samples:
    """Returns a picture of slopes and squares, shape (rows, columns, 3)."""
    rows, columns = np.mgrid[0:height, 0:width]
    squares = (rows // 8 * 37 + columns // 8 * 91) % 160
    red = 30 + columns * 200 // max(1, width - 1)
    green = 20 + rows * 180 // max(1, height - 1)
    return np.stack([red, green, squares + 40], axis=-1).astype(np.uint8)


def coded(kind: str, picture: Samples, *, pix_fmt: str = "yuv420p") -> tuple[bytes, bytes]:
    """Returns the codec configuration box and the coded data of a picture."""
    file = BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream(ENCODERS[kind], rate=25, options=OPTIONS[kind])
        assert isinstance(stream, av.VideoStream)
        stream.height, stream.width = picture.shape[:2]
        stream.pix_fmt = pix_fmt
        stream.codec_context.time_base = Fraction(1, 25)
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format=pix_fmt)
        frame.pts, frame.time_base = 0, Fraction(1, 25)
        for given in (frame, None):
            for packet in stream.encode(given):
                container.mux(packet)
    data = file.getvalue()
    whole = dict(boxes(data))
    part = whole[b"moov"]
    for name in (b"trak", b"mdia", b"minf", b"stbl", b"stsd"):
        part = dict(children(part))[name]
    entry = part[_FIRST_OF_STSD:]
    return dict(boxes(entry[_VISUAL_SAMPLE_ENTRY:]))[CONFIGURATIONS[kind]], whole[b"mdat"][8:]


def full_box(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    """Returns a box with a version and flags."""
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


def ispe(width: int, height: int) -> bytes:
    """Returns the property that says a size."""
    return full_box(b"ispe", 0, 0, struct.pack(">II", width, height))


def irot(quarter_turns: int) -> bytes:
    """Returns the property that turns a picture, anticlockwise."""
    return box(b"irot", bytes([quarter_turns]))


def imir(axis: int) -> bytes:
    """Returns the property that mirrors a picture: 0 exchanges top and bottom, 1 left and right."""
    return box(b"imir", bytes([axis]))


def clap(size: tuple[int, int], offset: tuple[int, int], of: tuple[int, int]) -> bytes:
    """Returns the property that crops a picture.

    Args:
        size: Width and height that are left.
        offset: Columns and rows that go, left and above.
        of: Width and height of the whole.
    """
    numbers = [size[0], 1, size[1], 1]
    for length, begin, whole in zip(size, offset, of, strict=True):
        # From the middle of the whole to the middle of what is left, in halves.
        numbers += [2 * begin + length - whole, 2]
    return box(b"clap", struct.pack(">IIIIiIiI", *numbers))


def grid_payload(rows: int, columns: int, width: int, height: int, *, wide: bool = False) -> bytes:
    """Returns what a grid says of itself."""
    return struct.pack(
        ">BBBBII" if wide else ">BBBBHH", 0, int(wide), rows - 1, columns - 1, width, height
    )


@dataclass(frozen=True)
class Grid:
    """A picture in tiles, to be written as a file."""

    kind: str = "heic"
    tile: tuple[int, int] = (128, 96)
    columns: int = 2
    rows: int = 2
    size: tuple[int, int] | None = None
    """What is shown of it; all where left out."""
    properties: Sequence[bytes] = ()
    """Of the grid, after its size."""
    wide: bool = False
    payload: bytes | None = None
    """What the grid says of itself instead."""
    thumbnail: bool = False
    tiles_listed: int | None = None
    """How many tiles are listed; all where left out."""
    repeated: bool = False
    """True for the first tile in every place."""
    data_in_idat: bool = True
    """Where the grid's description is: in `idat`, or in `mdat`."""
    differing: bool = False
    """True for a tile of another size than the others."""
    pix_fmt: str = "yuv420p"
    broken: int | None = None
    """The number of a tile of no use."""
    kind_of_grid: bytes = b"grid"
    kind_of_tiles: bytes = b""
    """What the tiles' items are called; as their codec has it where left out."""
    tile_properties: Sequence[bytes] = ()
    """Of each tile, beside what it needs."""

    @property
    def whole(self) -> tuple[int, int]:
        return self.tile[0] * self.columns, self.tile[1] * self.rows

    @property
    def shown(self) -> tuple[int, int]:
        return self.size or self.whole

    def picture(self) -> Samples:
        """Returns what was coded, cut to what is shown."""
        width, height = self.shown
        return drawn(*self.whole)[:height, :width]

    def items(self) -> dict[int, Item]:
        """Returns the items by their ids: the tiles, the grid last."""
        picture = drawn(*(self.tile if self.repeated else self.whole))
        items: dict[int, Item] = {}
        width, height = self.tile
        for number in range(self.rows * self.columns):
            row, column = divmod(0 if self.repeated else number, self.columns)
            tile = picture[row * height :, column * width :][:height, :width]
            if self.differing and number == 1:
                tile = tile[: height // 2]
            configuration, data = coded(self.kind, np.ascontiguousarray(tile), pix_fmt=self.pix_fmt)
            if number == self.broken:
                data = bytes(len(data))
            size = ispe(tile.shape[1], tile.shape[0])
            items[10 + number] = Item(
                self.kind_of_tiles or ITEM_TYPES[self.kind],
                data,
                (configuration, size, *self.tile_properties),
                hidden=True,
            )
            if self.repeated:
                break
        listed = list(items) * (self.rows * self.columns if self.repeated else 1)
        listed = listed[: self.tiles_listed]
        payload = self.payload
        if payload is None:
            payload = grid_payload(self.rows, self.columns, *self.shown, wide=self.wide)
        items[100] = Item(
            self.kind_of_grid,
            payload,
            (ispe(*self.shown), *self.properties),
            tiles=listed,
            in_idat=self.data_in_idat,
        )
        if self.thumbnail:
            configuration, data = coded(self.kind, drawn(64, 48))
            properties = (configuration, ispe(64, 48))
            items[101] = Item(ITEM_TYPES[self.kind], data, properties, thumbnail_of=100)
        return items

    def write(self, path: Path) -> Path:
        """Writes the file and returns its path."""
        return write_items(path, BRANDS[self.kind], self.items(), primary=100)


def write_items(path: Path, brand: bytes, items: dict[int, Item], *, primary: int) -> Path:
    """Writes a file of items and returns its path."""
    compatible = (b"mif1", b"miaf", brand)
    ftyp = box(b"ftyp", brand, bytes(4), *compatible)
    # Positions in `mdat` depend on the size of what says them, which does not depend on them.
    size = len(ftyp) + len(_meta(items, primary, 0)) + 8
    data = b"".join(item.data for item in items.values() if not item.in_idat)
    path.write_bytes(ftyp + _meta(items, primary, size) + box(b"mdat", data))
    return path


def _meta(items: dict[int, Item], primary: int, begin: int) -> bytes:
    handler = full_box(b"hdlr", 0, 0, bytes(4), b"pict", bytes(13))
    return full_box(
        b"meta",
        0,
        0,
        handler,
        full_box(b"pitm", 0, 0, struct.pack(">H", primary)),
        _locations(items, begin),
        _infos(items),
        _references(items),
        _properties(items),
        box(b"idat", b"".join(item.data for item in items.values() if item.in_idat)),
    )


def _infos(items: dict[int, Item]) -> bytes:
    infos = [
        full_box(b"infe", 2, int(item.hidden), struct.pack(">HH", number, 0), item.kind, b"\0")
        for number, item in items.items()
    ]
    return full_box(b"iinf", 0, 0, struct.pack(">H", len(infos)), *infos)


def _locations(items: dict[int, Item], begin: int) -> bytes:
    rows = []
    positions = {False: begin, True: 0}
    for number, item in items.items():
        method = int(item.in_idat)
        rows.append(
            struct.pack(">HHHHII", number, method, 0, 1, positions[item.in_idat], len(item.data))
        )
        positions[item.in_idat] += len(item.data)
    return full_box(b"iloc", 1, 0, b"\x44\x00", struct.pack(">H", len(rows)), *rows)


def _references(items: dict[int, Item]) -> bytes:
    references = []
    for number, item in items.items():
        for kind, targets in ((b"dimg", item.tiles), (b"thmb", (item.thumbnail_of,))):
            if any(targets):
                count = len(targets)
                numbers = struct.pack(f">HH{count}H", number, count, *targets)
                references.append(box(kind, numbers))
    return full_box(b"iref", 0, 0, *references) if references else b""


def _properties(items: dict[int, Item]) -> bytes:
    kept: list[bytes] = []
    rows = []
    for number, item in items.items():
        indices = []
        for each in item.properties:
            if each not in kept:
                kept.append(each)
            essential = 0x80 if each[4:8] not in (b"ispe", b"pixi", b"colr") else 0
            indices.append(essential | kept.index(each) + 1)
        rows.append(struct.pack(f">HB{len(indices)}B", number, len(indices), *indices))
    associations = full_box(b"ipma", 0, 0, struct.pack(">I", len(rows)), *rows)
    return box(b"iprp", box(b"ipco", *kept), associations)
