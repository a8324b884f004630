"""Reads still pictures in tiles, as in HEIC and AVIF files of cameras and phones.

libavformat gives each tile as a stream, and PyAV does not expose the grid. So the grid is read
here, and the tiles are decoded one after the other into one picture.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, cast

import numpy as np
import numpy.typing as npt
from av import VideoFormat
from av.codec.context import CodecContext
from av.container import InputContainer
from av.packet import Packet
from av.stream import Discard, Disposition
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from framecap.errors import CodecUnsupported, LimitExceeded, MediaCorrupt
from framecap.media.containers.cursor import SharedFile
from framecap.media.containers.formats import MP4
from framecap.media.containers.items import Item, Items, orientation_of, read_items
from framecap.model.media import Orientation
from framecap.model.names import printable

MAX_TILES: Final = 1024
"""The most streams of a file of items: a picture of 100 megapixels has some 450 tiles."""


# Brands of files that may have items.
_BRANDS: Final = (b"mif1", b"mif2", b"miaf", b"heic", b"heix", b"heim", b"heis", b"avif")

_BRAND_BYTES: Final = 256

_GRID: Final = b"grid"
_TURNING: Final = frozenset({b"irot", b"imir"})
_TRANSFORMING: Final = _TURNING | {b"clap"}

_CORRUPT: Final = "the description of the picture's tiles makes no sense"
_UNDECODABLE: Final = "a tile of the picture cannot be decoded"

Samples: TypeAlias = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A rectangle of a picture."""

    left: int
    """Columns before it."""

    top: int
    """Rows above it."""

    width: int
    """Its columns."""

    height: int
    """Its rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TileGrid:
    """The arrangement of tiles in a picture."""

    columns: int
    """Tiles in a row."""

    rows: int
    """Rows of tiles."""

    width: int
    """Columns of the picture; samples of the tiles to the right of them are left out."""

    height: int
    """Rows of the picture; samples of the tiles below them are left out."""

    tiles: tuple[int, ...]
    """The stream ids of the tiles, row by row; one may be in several positions."""

    shown: Area
    """The rectangle of the picture that is shown."""

    orientation: Orientation
    """The rotation and mirroring of the picture for display."""


def may_be_tiled(file: SharedFile) -> bool:
    """Returns whether a file may have items rather than tracks, by its first box."""
    head = file.read_at(0, _BRAND_BYTES)
    size, kind = int.from_bytes(head[:4], "big"), head[4:8]
    return kind == b"ftyp" and any(brand in head[8:size] for brand in _BRANDS)


def read_grid(native: InputContainer, file: SharedFile) -> TileGrid | None:
    """Returns the grid of the picture to show; None when the file's picture is not tiled.

    Args:
        native: The open container.
        file: The file that the container reads.

    Raises:
        CodecUnsupported: The picture is derived from others by a method that is not supported.
        MediaCorrupt: The description of the tiles is malformed.
        LimitExceeded: The picture is too large.
    """
    tiled = any(stream.disposition & Disposition.dependent for stream in native.streams.video)
    if native.format.name != MP4 or not (tiled or may_be_tiled(file)):
        return None
    items = read_items(file)
    if items is None:
        return None
    primary = items.by_id.get(items.primary)
    if primary is None:
        raise MediaCorrupt(_CORRUPT)
    if any(stream.id == items.primary for stream in native.streams.video):
        return None
    if primary.kind != _GRID:
        name = printable(primary.kind.decode("latin-1"))
        how = "made of others by" if primary.derived_from else "stored as"
        raise CodecUnsupported(
            f"the picture is {how} {name}, which is not read", metadata={"item_type": name}
        )
    return _grid(items, primary)


class TileReader:
    """Makes the one picture of a container of tiles.

    Args:
        native: The open container.
        grid: The arrangement of its tiles.
        max_pixels: The most pixels that the tiles may have together.

    Raises:
        CodecUnsupported: A tile is in a format that is not supported.
        LimitExceeded: The picture is too large.
    """

    def __init__(self, native: InputContainer, grid: TileGrid, *, max_pixels: int) -> None:
        self.grid = grid
        self._native = native
        self._max_pixels = max_pixels
        self._streams = _streams_of(native, grid)
        first = self._streams[grid.tiles[0]]
        self.stream: VideoStream = first
        """The stream of the first tile."""
        self._tile = first.codec_context.width, first.codec_context.height
        self._check_sizes()
        self._picture: VideoFrame | None = None
        self._copied: set[int] = set()

    def _check_sizes(self) -> None:
        width, height = self._tile
        grid = self.grid
        if not (width and height):
            raise MediaCorrupt(_CORRUPT)
        # Each row and column of tiles must overlap the picture, or else a small file could cause
        # any amount of decoding.
        if not (
            width * (grid.columns - 1) < grid.width <= width * grid.columns
            and height * (grid.rows - 1) < grid.height <= height * grid.rows
        ):
            raise MediaCorrupt(_CORRUPT)
        pixels = width * grid.columns * height * grid.rows
        if pixels > self._max_pixels:
            raise LimitExceeded(
                f"the picture's tiles have {pixels} pixels, more than {self._max_pixels}",
                metadata={
                    "actual": str(pixels),
                    "limit": str(self._max_pixels),
                    "limit_name": "pixels",
                },
            )

    def packets(self) -> Iterator[Packet[Any]]:
        """Yields the tiles' packets, each once, and an empty one at the end."""
        tiles = {stream.index: number for number, stream in self._streams.items()}
        for stream in self._native.streams:
            stream.discard = Discard.default if stream.index in tiles else Discard.all
        waiting = set(tiles)
        for packet in self._native.demux(*self._streams.values()):
            if packet.size and packet.stream.index in waiting:
                waiting.remove(packet.stream.index)
                yield packet
            if not waiting:
                break
        yield Packet()

    def decode(self, packet: Packet[Any] | None) -> list[VideoFrame]:
        """Returns no frame for a tile's packet, and the whole picture for None.

        Raises:
            av.error.FFmpegError: A tile cannot be decoded.
            MediaCorrupt: A tile is missing, or differs from the others in size or pixel format.
        """
        if packet is not None:
            stream = packet.stream
            assert isinstance(stream, VideoStream)
            self._add(stream, packet)
            return []
        picture, self._picture = self._picture, None
        if picture is None or self._copied != set(self.grid.tiles):
            raise MediaCorrupt(_UNDECODABLE)
        return [_cropped(picture, self.grid.shown)]

    def _add(self, stream: VideoStream, packet: Packet[Any]) -> None:
        """Decodes a tile and copies it to its positions in the picture."""
        tile = _decoded(stream, packet, self._max_pixels)
        if (tile.width, tile.height) != self._tile:
            raise MediaCorrupt("the tiles of the picture differ in size")
        if self._picture is None:
            _check_format(tile, self.grid)
            self._picture = _empty_like(tile, self.grid.width, self.grid.height)
        elif self._picture.format.name != tile.format.name:
            raise MediaCorrupt("the tiles of the picture differ in their pixel format")
        for position, number in enumerate(self.grid.tiles):
            if self._streams[number] is stream:
                row, column = divmod(position, self.grid.columns)
                _copy(tile, self._picture, column * tile.width, row * tile.height)
                self._copied.add(number)


def _grid(items: Items, item: Item) -> TileGrid:
    tiles = item.derived_from
    columns, rows, width, height = _described(items.payload(item))
    if len(tiles) != columns * rows or not width or not height:
        raise MediaCorrupt(_CORRUPT)
    for number in tiles:
        tile = items.by_id.get(number)
        if tile is None:
            raise MediaCorrupt(_CORRUPT)
        if any(kind in _TRANSFORMING for kind, _ in tile.properties):
            raise CodecUnsupported(
                "the picture's tiles are turned or cropped one by one, which is not read"
            )
    return TileGrid(
        columns=columns,
        rows=rows,
        width=width,
        height=height,
        tiles=tiles,
        shown=_shown(item, width, height),
        orientation=orientation_of(item),
    )


def _described(payload: bytes) -> tuple[int, int, int, int]:
    try:
        version, flags, rows, columns = struct.unpack_from(">BBBB", payload)
        width, height = struct.unpack_from(">II" if flags & 1 else ">HH", payload, 4)
    except struct.error as error:
        raise MediaCorrupt(_CORRUPT) from error
    if version:
        raise CodecUnsupported("the picture's tiles are described in a way that is not known")
    return columns + 1, rows + 1, width, height


def _shown(item: Item, width: int, height: int) -> Area:
    """Returns the rectangle of a picture that an item's cropping leaves.

    Raises:
        CodecUnsupported: The picture is cropped after it is turned, or twice.
        MediaCorrupt: The cropping exceeds the picture.
    """
    area = Area(left=0, top=0, width=width, height=height)
    kinds = [kind for kind, _ in item.properties if kind in _TRANSFORMING]
    if b"clap" not in kinds[:1]:
        if b"clap" in kinds:
            raise CodecUnsupported("the picture is cropped after it is turned, which is not read")
        return area
    if b"clap" in kinds[1:]:
        raise CodecUnsupported("the picture is cropped twice, which is not read")
    content = next(content for kind, content in item.properties if kind == b"clap")
    try:
        numbers = struct.unpack_from(">IIIIiIiI", content)
    except struct.error as error:
        raise MediaCorrupt(_CORRUPT) from error
    if not all(numbers[1::2]):
        raise MediaCorrupt(_CORRUPT)
    left, columns = _kept(width, numbers[0], numbers[1], numbers[4], numbers[5])
    top, rows = _kept(height, numbers[2], numbers[3], numbers[6], numbers[7])
    return Area(left=left, top=top, width=columns, height=rows)


def _kept(length: int, size: int, size_unit: int, shift: int, shift_unit: int) -> tuple[int, int]:
    """Returns the begin and the length of the kept range of a picture's side.

    The shift is the offset of the middle of that range from the middle of the side.
    """
    kept = size // size_unit
    begin = ((length - kept) * shift_unit + 2 * shift) // (2 * shift_unit)
    if not kept or begin < 0 or begin + kept > length:
        raise MediaCorrupt(_CORRUPT)
    return begin, kept


def _streams_of(native: InputContainer, grid: TileGrid) -> Mapping[int, VideoStream]:
    """Returns the tiles' streams by their ids.

    Raises:
        CodecUnsupported: A tile has no stream, or no decoder.
    """
    by_id = {stream.id: stream for stream in native.streams.video}
    if any(number not in by_id for number in grid.tiles):
        raise CodecUnsupported("the picture's tiles are in a format that is not read")
    streams = {number: by_id[number] for number in grid.tiles}
    # PyAV's stubs do not say that there may be no decoder.
    contexts = [cast("VideoCodecContext | None", each.codec_context) for each in streams.values()]
    if any(context is None for context in contexts):
        raise CodecUnsupported("there is no decoder for the picture's tiles")
    return streams


def _decoded(stream: VideoStream, packet: Packet[Any], max_pixels: int) -> VideoFrame:
    """Returns a tile's picture, from a decoder that is used for this tile only.

    Raises:
        av.error.FFmpegError: The tile cannot be decoded.
        MediaCorrupt: It decodes to no picture, to several, or to a damaged one.
    """
    known = stream.codec_context
    context = cast("VideoCodecContext", CodecContext.create(known.codec.name, "r"))
    context.extradata = known.extradata
    context.options = {"max_pixels": str(max_pixels)}
    context.thread_count = 1
    frames = [*context.decode(packet), *context.decode(None)]
    # A damaged tile fails the picture: there is no other frame to show in its stead.
    if len(frames) != 1 or frames[0].is_corrupt:
        raise MediaCorrupt(_UNDECODABLE)
    return frames[0]


def _check_format(tile: VideoFrame, grid: TileGrid) -> None:
    """Checks that tiles can be joined sample by sample.

    Raises:
        CodecUnsupported: Their pixel format is not planar with samples of whole bytes.
        MediaCorrupt: A chroma sample would belong to two tiles.
    """
    layout = tile.format
    components = layout.components
    if (
        len({component.plane for component in components}) != len(components)
        or layout.is_bit_stream
        or layout.has_palette
    ):
        raise CodecUnsupported(
            f"the picture's tiles have the pixel format {layout.name}, which is not read",
            metadata={"pixel_format": layout.name},
        )
    across, down = _shifts(layout)
    if (grid.columns > 1 and tile.width % (1 << across)) or (
        grid.rows > 1 and tile.height % (1 << down)
    ):
        raise MediaCorrupt(_CORRUPT)


def _empty_like(tile: VideoFrame, width: int, height: int) -> VideoFrame:
    """Returns a blank frame of another size with the format and properties of a tile."""
    made = VideoFrame(width, height, tile.format.name)
    made.pts = tile.pts
    made.dts = tile.dts
    made.duration = tile.duration
    made.opaque = tile.opaque
    made.colorspace = tile.colorspace
    made.color_range = tile.color_range
    made.color_trc = tile.color_trc
    made.color_primaries = tile.color_primaries
    # The stubs call it read-only.
    made.key_frame = True  # type: ignore[misc]
    return made


def _copy(tile: VideoFrame, picture: VideoFrame, left: int, top: int) -> None:
    """Copies a tile to a position in a picture; samples outside the picture are left out."""
    across, down = _shifts(tile.format)
    for samples, plane in zip(_planes(tile), _planes(picture), strict=True):
        chroma = samples.shape != (tile.height, tile.width)
        row, column = (top >> down, left >> across) if chroma else (top, left)
        covered = plane[row : row + samples.shape[0], column : column + samples.shape[1]]
        covered[:] = samples[: covered.shape[0], : covered.shape[1]]


def _cropped(picture: VideoFrame, area: Area) -> VideoFrame:
    """Returns a rectangle of a picture; chroma begins with the sample of its first luma."""
    if (area.width, area.height) == (picture.width, picture.height):
        return picture
    made = _empty_like(picture, area.width, area.height)
    across, down = _shifts(picture.format)
    for samples, plane in zip(_planes(picture), _planes(made), strict=True):
        chroma = samples.shape != (picture.height, picture.width)
        row, column = (area.top >> down, area.left >> across) if chroma else (area.top, area.left)
        plane[:] = samples[row : row + plane.shape[0], column : column + plane.shape[1]]
    return made


def _planes(frame: VideoFrame) -> list[Samples]:
    """Returns writable views on a frame's planes, shape (rows, columns)."""
    bits = {component.plane: component.bits for component in frame.format.components}
    planes: list[Samples] = []
    for number, plane in enumerate(frame.planes):
        dtype = np.dtype(f"u{1 << (-(-bits[number] // 8) - 1).bit_length()}")
        stride = plane.line_size // dtype.itemsize
        rows = np.frombuffer(cast("bytes", plane), dtype)[: stride * plane.height]
        planes.append(rows.reshape(plane.height, stride)[:, : plane.width])
    return planes


def _shifts(layout: VideoFormat) -> tuple[int, int]:
    """Returns log2 of luma columns and rows per chroma column and row."""
    return (
        6 - (layout.chroma_width(64).bit_length() - 1),
        6 - (layout.chroma_height(64).bit_length() - 1),
    )
