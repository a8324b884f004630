"""Stills made of tiles, as cameras and phones write them: one picture, never one of its tiles."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Final

import numpy as np
import numpy.typing as npt
import pytest
from imageio_ffmpeg import get_ffmpeg_exe

from framecap.errors import (
    CaptureError,
    Code,
    CodecUnsupported,
    LimitExceeded,
    MediaCorrupt,
    OffsetAfterEnd,
)
from framecap.media.media import Media
from framecap.model.media import Picture
from framecap.model.spec import DamagePolicy
from framecap.spec import text
from support.media.capturing import capture, decoded
from support.stills import (
    BRANDS,
    ITEM_TYPES,
    Grid,
    Item,
    clap,
    coded,
    drawn,
    grid_payload,
    imir,
    irot,
    ispe,
    write_items,
)

KINDS: Final = ("heic", "avif")
CODECS: Final = {"heic": "hevc", "avif": "av1"}
SIZE: Final = (250, 180)

Planes = list[npt.NDArray[np.generic]]


def first_picture(path: Path) -> Picture:
    with path.open("rb") as file, Media(file, strict=False) as media:
        finding = media.find_first()
        while True:
            try:
                next(finding)
            except StopIteration as found:
                return media.picture(found.value)


def by_ffmpeg(path: Path, pix_fmt: str) -> bytes:
    """Returns the samples of the picture that FFmpeg's own command makes of a file."""
    command = [get_ffmpeg_exe(), "-v", "error", "-nostdin", "-i", str(path)]
    command += ["-f", "rawvideo", "-pix_fmt", pix_fmt, "-"]
    return subprocess.run(command, capture_output=True, check=True).stdout


def samples(picture: Picture) -> bytes:
    return b"".join(np.ascontiguousarray(plane).tobytes() for plane in picture.planes)


def planes_of(data: bytes, width: int, height: int) -> Planes:
    """Returns the planes of 8-bit 4:2:0 samples."""
    row = np.frombuffer(data, np.uint8)
    luma, chroma = width * height, (width // 2) * (height // 2)
    assert len(row) == luma + 2 * chroma
    return [
        row[:luma].reshape(height, width),
        row[luma : luma + chroma].reshape(height // 2, width // 2),
        row[luma + chroma :].reshape(height // 2, width // 2),
    ]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "grid",
    [
        Grid(),
        Grid(size=SIZE),
        Grid(size=SIZE, wide=True),
        Grid(columns=3, rows=1, tile=(64, 64), size=(170, 64)),
        Grid(columns=1, rows=3, tile=(64, 64), data_in_idat=False),
        Grid(columns=2, rows=2, repeated=True),
        Grid(size=SIZE, thumbnail=True),
        Grid(tile=(64, 64), pix_fmt="yuv420p10le", size=(120, 100)),
    ],
    ids=str,
)
def test_the_picture_is_what_ffmpeg_puts_together(tmp_path: Path, kind: str, grid: Grid) -> None:
    path = replace(grid, kind=kind).write(tmp_path / f"still.{kind}")
    picture = first_picture(path)
    assert (picture.width, picture.height) == grid.shown
    assert samples(picture) == by_ffmpeg(path, grid.pix_fmt)


def test_tiles_without_subsampling_are_put_together(tmp_path: Path) -> None:
    grid = Grid(tile=(64, 64), pix_fmt="yuv444p", size=(121, 99))
    path = grid.write(tmp_path / "still.heic")
    picture = first_picture(path)
    assert (picture.width, picture.height) == (121, 99)
    assert samples(picture) == by_ffmpeg(path, "yuv444p")


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_may_have_hundreds_of_tiles(tmp_path: Path, kind: str) -> None:
    configuration, data = coded(kind, drawn(64, 64))
    tile = Item(ITEM_TYPES[kind], data, (configuration, ispe(64, 64)), hidden=True)
    items = {10 + number: tile for number in range(18 * 18)}
    described, size = grid_payload(18, 18, 18 * 64, 18 * 64), ispe(18 * 64, 18 * 64)
    items[1000] = Item(b"grid", described, (size,), tiles=list(items), in_idat=True)
    path = write_items(tmp_path / f"still.{kind}", BRANDS[kind], items, primary=1000)
    picture = first_picture(path)
    assert samples(picture) == by_ffmpeg(path, "yuv420p")


@pytest.mark.parametrize("kind", KINDS)
def test_an_odd_size_is_kept(tmp_path: Path, kind: str) -> None:
    # FFmpeg 9 leaves out the last column and row.
    whole = first_picture(Grid(kind).write(tmp_path / f"whole.{kind}"))
    odd = first_picture(Grid(kind, size=(249, 181)).write(tmp_path / f"odd.{kind}"))
    assert [plane.shape for plane in odd.planes] == [(181, 249), (91, 125), (91, 125)]
    for ours, plane in zip(odd.planes, whole.planes, strict=True):
        rows, columns = ours.shape
        assert np.array_equal(ours, plane[:rows, :columns])


@pytest.mark.parametrize("kind", KINDS)
def test_a_single_tile_is_cut_to_the_picture(tmp_path: Path, kind: str) -> None:
    # FFmpeg 9 shows all of it.
    whole = first_picture(Grid(kind, columns=1, rows=1).write(tmp_path / f"whole.{kind}"))
    grid = Grid(kind, columns=1, rows=1, size=(100, 90))
    cut = first_picture(grid.write(tmp_path / f"cut.{kind}"))
    assert [plane.shape for plane in cut.planes] == [(90, 100), (45, 50), (45, 50)]
    for ours, plane in zip(cut.planes, whole.planes, strict=True):
        assert np.array_equal(ours, plane[: ours.shape[0], : ours.shape[1]])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("offset", [(20, 30), (21, 31), (0, 0), (150, 100)])
def test_a_cropped_picture_is_cropped(tmp_path: Path, kind: str, offset: tuple[int, int]) -> None:
    size = (100, 80)
    path = Grid(kind, size=SIZE).write(tmp_path / f"whole.{kind}")
    whole = planes_of(by_ffmpeg(path, "yuv420p"), *SIZE)
    properties = (clap(size, offset, SIZE),)
    path = Grid(kind, size=SIZE, properties=properties).write(tmp_path / f"cropped.{kind}")
    cropped = first_picture(path)
    assert (cropped.width, cropped.height) == size
    for number, (ours, plane) in enumerate(zip(cropped.planes, whole, strict=True)):
        shift = number > 0
        rows, columns = ours.shape
        top, left = offset[1] >> shift, offset[0] >> shift
        assert np.array_equal(ours, plane[top : top + rows, left : left + columns])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("properties", "turns", "mirrored"),
    [
        ((irot(1),), 1, False),
        ((irot(2),), 2, False),
        ((irot(3),), 3, False),
        ((imir(1),), 0, True),
        ((imir(0),), 2, True),
        ((irot(1), imir(1)), 3, True),
        ((irot(1), imir(0)), 1, True),
        ((imir(1), irot(1)), 1, True),
    ],
    ids=repr,
)
def test_a_turned_picture_is_turned(
    tmp_path: Path, kind: str, properties: tuple[bytes, ...], turns: int, mirrored: bool
) -> None:
    grid = Grid(kind, size=SIZE, properties=properties)
    (image,) = capture(grid.write(tmp_path / f"still.{kind}"), "video/snapshots,f_png").images
    # Mirrored left to right first, then turned anticlockwise.
    wanted = np.rot90(grid.picture()[:, ::-1] if mirrored else grid.picture(), turns)
    given = np.asarray(decoded(image).convert("RGB")).astype(int)
    assert given.shape == wanted.shape
    assert np.abs(given - wanted).mean() < 8
    assert np.abs(given - wanted[::-1, ::-1]).mean() > 30
    if properties != (imir(1), irot(1)):  # FFmpeg knows one order only.
        ffmpeg = np.frombuffer(by_ffmpeg(tmp_path / f"still.{kind}", "rgb24"), np.uint8)
        assert np.abs(given - ffmpeg.reshape(given.shape)).mean() < 8


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "mode", ["inter_500", "m_key", "m_avg,num_3", "m_dhash", "num_1", "inter_0"]
)
def test_every_mode_gives_the_one_picture_at_time_0(tmp_path: Path, kind: str, mode: str) -> None:
    grid = Grid(kind, size=SIZE)
    captured = capture(grid.write(tmp_path / f"still.{kind}"), f"video/snapshots,f_png,{mode}")
    (image,) = captured.images
    assert (image.width, image.height) == SIZE
    assert (image.media_time, image.keyframe, image.damaged) == (0, True, False)
    given = np.asarray(decoded(image).convert("RGB")).astype(int)
    assert np.abs(given - grid.picture()).mean() < 8
    info = captured.info
    assert (info.coded_width, info.coded_height, info.codec) == (*SIZE, CODECS[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_a_strict_capture_gives_it_too(tmp_path: Path, kind: str) -> None:
    path = Grid(kind).write(tmp_path / f"still.{kind}")
    spec = replace(text.parse("video/snapshots,f_jpg").spec, damage_policy=DamagePolicy.STRICT)
    assert len(capture(path, spec).images) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_comes_after_it(tmp_path: Path, kind: str) -> None:
    path = Grid(kind).write(tmp_path / f"still.{kind}")
    with pytest.raises(OffsetAfterEnd):
        capture(path, "video/snapshots,f_jpg,ss_5000")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("grid", "error", "words"),
    [
        (Grid(broken=2), MediaCorrupt, "a tile of the picture cannot be decoded"),
        (Grid(differing=True), MediaCorrupt, "differ in size"),
        (Grid(tiles_listed=3), MediaCorrupt, "the file is not a video"),
        (Grid(payload=b"\0\0\1"), MediaCorrupt, "the file is not a video"),
        (Grid(payload=grid_payload(2, 2, 0, 100)), MediaCorrupt, "makes no sense"),
        (Grid(size=(257, 192)), MediaCorrupt, "makes no sense"),
        (Grid(size=(128, 192)), MediaCorrupt, "makes no sense"),
        (Grid(payload=b"\1" + grid_payload(2, 2, 250, 180)[1:]), CodecUnsupported, "not known"),
        (Grid(kind_of_grid=b"iovl"), CodecUnsupported, "by iovl, which is not read"),
        (Grid(kind_of_grid=b"iden"), CodecUnsupported, "by iden, which is not read"),
        (Grid(kind_of_tiles=b"none"), CodecUnsupported, "in a format that is not read"),
        (Grid(tile_properties=(irot(1),)), CodecUnsupported, "one by one"),
        (
            Grid(properties=(clap((300, 80), (0, 0), (256, 192)),)),
            MediaCorrupt,
            "makes no sense",
        ),
        (
            Grid(properties=(irot(1), clap((100, 80), (0, 0), (256, 192)))),
            CodecUnsupported,
            "cropped after it is turned",
        ),
        (
            Grid(columns=150, rows=150, repeated=True, wide=True),
            LimitExceeded,
            "more than 268435456",
        ),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_cannot_be_put_together_is_refused(
    tmp_path: Path, kind: str, grid: Grid, error: type[CaptureError], words: str
) -> None:
    path = replace(grid, kind=kind).write(tmp_path / f"still.{kind}")
    with pytest.raises(error) as refusal:
        capture(path, "video/snapshots,f_png")
    assert refusal.value.code is Code.FAILED_PRECONDITION
    assert words in refusal.value.message


@pytest.mark.parametrize("kind", KINDS)
def test_a_random_description_gives_the_picture_or_a_reason(tmp_path: Path, kind: str) -> None:
    grid = Grid(kind, size=SIZE)
    whole = grid.write(tmp_path / f"still.{kind}").read_bytes()
    described = whole.index(b"mdat")
    random = Random(5)
    refused = 0
    for number in range(60):
        changed = bytearray(whole)
        for _ in range(random.choice((1, 2, 8))):
            changed[random.randrange(24, described)] = random.randrange(256)
        path = tmp_path / f"changed{number}.{kind}"
        path.write_bytes(changed)
        try:
            images = capture(path, "video/snapshots,f_png,w_64,h_64").images
        except CaptureError as error:
            refused += 1
            assert error.code is Code.FAILED_PRECONDITION
        else:
            assert images
    assert refused


@pytest.mark.parametrize("kind", KINDS)
def test_pictures_that_are_no_tiles_are_themselves(tmp_path: Path, kind: str) -> None:

    configuration, data = coded(kind, drawn(*SIZE))
    item = Item(ITEM_TYPES[kind], data, (configuration, ispe(*SIZE)))
    path = write_items(tmp_path / f"still.{kind}", BRANDS[kind], {1: item}, primary=1)
    picture = first_picture(path)
    assert (picture.width, picture.height) == SIZE
    assert samples(picture) == by_ffmpeg(path, "yuv420p")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("number", [1, 999])
def test_a_picture_beside_a_grid_is_shown_where_it_is_the_primary_one(
    tmp_path: Path, kind: str, number: int
) -> None:
    configuration, data = coded(kind, drawn(64, 48))
    small = Item(ITEM_TYPES[kind], data, (configuration, ispe(64, 48)))
    items = {**Grid(kind).items(), number: small}
    path = write_items(tmp_path / f"still.{kind}", BRANDS[kind], items, primary=number)
    picture = first_picture(path)
    assert (picture.width, picture.height) == (64, 48)
    path = write_items(tmp_path / f"grid.{kind}", BRANDS[kind], items, primary=100)
    picture = first_picture(path)
    assert (picture.width, picture.height) == Grid().shown


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_of_picture_without_a_stream_is_refused(tmp_path: Path, kind: str) -> None:
    items = {**Grid(kind).items(), 200: Item(b"zzzz", b"what")}
    path = write_items(tmp_path / f"still.{kind}", BRANDS[kind], items, primary=200)
    with pytest.raises(CodecUnsupported) as refusal:
        capture(path, "video/snapshots,f_png")
    assert refusal.value.message == "the picture is stored as zzzz, which is not read"
