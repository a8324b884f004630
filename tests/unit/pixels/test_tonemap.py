"""How pictures of high dynamic range look."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from framecap.model.media import Matrix, Model, Picture, PixelLayout, Transfer
from framecap.model.plan import Geometry, Size
from framecap.model.raster import PackedImage, PlanarImage
from framecap.model.spec import Box, ImageFormat, ScaleType, ShrinkFilter
from framecap.pixels.dhash import dhash
from framecap.pixels.render import render
from framecap.pixels.scale import scale
from framecap.pixels.tonemap import tone_map
from framecap.plan.geometry import fit_box
from oracles import colour
from oracles import tonemap as oracle
from oracles.pictures import ORIENTATIONS, displayed, noise, noisy, padded, picture, plain

HDR = (Transfer.PQ, Transfer.HLG)
PQ = PixelLayout(
    model=Model.YUV,
    depth=10,
    chroma_shift_x=1,
    chroma_shift_y=1,
    matrix=Matrix.BT2020,
    transfer=Transfer.PQ,
)
LAYOUTS = {
    "pq yuv420p10": PQ,
    "hlg yuv420p10": replace(PQ, transfer=Transfer.HLG),
    "pq yuv420p": replace(PQ, depth=8),
    "hlg yuv422p12": replace(PQ, depth=12, chroma_shift_y=0, transfer=Transfer.HLG),
    "pq yuv444p12 full": replace(PQ, depth=12, chroma_shift_x=0, chroma_shift_y=0, full_range=True),
    "pq yuv420p10 bt709": replace(PQ, matrix=Matrix.BT709),
    "pq gbrp12": PixelLayout(model=Model.RGB, depth=12, full_range=True, transfer=Transfer.PQ),
}
GRAYS = {
    f"{transfer.value} gray{depth}": PixelLayout(model=Model.GRAY, depth=depth, transfer=transfer)
    for depth in (8, 10, 12)
    for transfer in HDR
}

# Half a level for rounding to 8 bits, and what the tables add.
BOUND = 0.6

# The luma of a JPEG comes from colours that were rounded: half a level more. Its chroma has
# factors that sum to 1 in magnitude: another half.
JPEG_BOUND = 1.1


def as_is(width: int, height: int) -> Geometry:
    return fit_box(Size(width, height), Box(), ScaleType.STRETCH)


def png(source: Picture, geometry: Geometry | None = None) -> np.ndarray:
    geometry = geometry or as_is(source.width, source.height)
    image = render(source, geometry, ImageFormat.PNG)
    assert isinstance(image, PackedImage)
    return image.pixels


def jpg(source: Picture, geometry: Geometry | None = None) -> PlanarImage:
    geometry = geometry or as_is(source.width, source.height)
    image = render(source, geometry, ImageFormat.JPG)
    assert isinstance(image, PlanarImage)
    return image


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("size", [(6, 4), (3, 3), (20, 14)])
def test_one_colour_stays_one_and_is_the_right_one(name: str, size: tuple[int, int]) -> None:
    layout = LAYOUTS[name]
    geometry = fit_box(Size(6, 4), Box(width=size[0], height=size[1]), ScaleType.STRETCH)
    rng = np.random.default_rng(0)
    for samples in rng.integers(0, 2**layout.depth, (20, 3)).tolist():
        expected = oracle.levels(tuple(samples), layout)
        source = plain(6, 4, layout, samples)
        pixels = png(source, geometry)
        assert np.unique(pixels.reshape(-1, 3), axis=0).shape == (1, 3)
        assert np.abs(pixels[0, 0] - expected).max() <= BOUND
        image = jpg(source, geometry)
        planes = np.array([np.unique(plane) for plane in (image.y, image.cb, image.cr)])
        assert planes.shape == (3, 1)
        assert np.abs(planes[:, 0] - colour.jfif(expected / 255)).max() <= JPEG_BOUND


@pytest.mark.parametrize("name", GRAYS)
def test_gray_stays_gray(name: str) -> None:
    layout = GRAYS[name]
    source = picture([noise(9, 7, layout.depth)], layout)
    pixels, image = png(source), jpg(source)
    middle = np.full((9, 7), 1 << (layout.depth - 1))
    as_yuv = replace(layout, model=Model.YUV, matrix=Matrix.BT2020)
    expected = oracle.levels((source.planes[0], middle, middle), as_yuv)
    assert np.abs(pixels - np.moveaxis(expected, 0, 2)).max() <= BOUND
    assert (pixels == pixels[..., :1]).all()
    np.testing.assert_array_equal(image.y, pixels[..., 0])
    assert (image.cb == 128).all() and (image.cr == 128).all()


@pytest.mark.parametrize("transfer", HDR)
def test_black_stays_black(transfer: Transfer) -> None:
    source = plain(4, 4, replace(PQ, transfer=transfer), (64, 512, 512))
    assert not png(source).any()
    assert not jpg(source).y.any()


@pytest.mark.parametrize(
    ("transfer", "signal", "level"),
    [
        # A thousand cd/m² is white, and what is brighter too.
        (Transfer.PQ, 0.75182, 255),
        (Transfer.PQ, 1.0, 255),
        (Transfer.HLG, 1.0, 255),
        (Transfer.HLG, 1.09, 255),
        # 203 cd/m², the white of text, and 26 cd/m², a gray of 18 %, by BT.2408.
        (Transfer.PQ, 0.58069, 193),
        (Transfer.HLG, 0.75, 193),
        (Transfer.PQ, 0.38, 96),
    ],
)
def test_well_known_grays(transfer: Transfer, signal: float, level: int) -> None:
    layout = PixelLayout(model=Model.GRAY, depth=16, transfer=transfer)
    source = plain(2, 2, layout, [round((16 + 219 * signal) * 256)])
    assert (np.abs(png(source).astype(int) - level) <= 1).all()


def test_colours_that_a_screen_lacks_become_the_nearest_it_has() -> None:
    """BT.2020's pure green has no red and no blue in BT.709, rather less than none."""
    layout = PixelLayout(model=Model.RGB, depth=10, transfer=Transfer.PQ)
    red, green, blue = png(plain(2, 2, layout, (0, 700, 0)))[0, 0]
    assert (red, blue) == (0, 0)
    assert green > 150


@pytest.mark.parametrize("orientation", ORIENTATIONS, ids=str)
def test_a_turned_picture_is_the_same_picture(orientation) -> None:
    layout = LAYOUTS["pq gbrp12"]
    upright, turned = noisy(6, 4, layout), noisy(6, 4, layout, orientation)
    size = (4, 6) if orientation.quarter_turns % 2 else (6, 4)
    expected = np.stack(
        [displayed(channel, orientation) for channel in np.moveaxis(png(upright), 2, 0)], axis=2
    )
    np.testing.assert_array_equal(png(turned, as_is(*size)), expected)


def test_bars_are_black() -> None:
    geometry = fit_box(Size(6, 4), Box(width=40, height=40), ScaleType.FILL)
    source = plain(6, 4, PQ, (700, 512, 512))
    pixels, image = png(source, geometry), jpg(source, geometry)
    for picture_, bars in ((pixels[..., 0], 0), (image.y, 0), (image.cb, 128), (image.cr, 128)):
        assert (picture_[0] == bars).all() and (picture_[-1] == bars).all()
    assert (pixels[20] > 200).all() and (image.y[20] > 200).all()


def test_tones_are_mapped_at_the_size_of_the_image() -> None:
    """Signals are averaged, not light."""
    layout = replace(PQ, chroma_shift_x=0, chroma_shift_y=0)
    source = noisy(64, 64, layout)
    geometry = fit_box(Size(64, 64), Box(width=32, height=32), ScaleType.STRETCH)
    scaled = scale(source, geometry, ShrinkFilter.BICUBIC)
    assert scaled.planes[0].dtype == np.uint16
    expected = np.moveaxis(oracle.levels(scaled.planes, layout), 0, 2)
    assert np.abs(png(source, geometry) - expected).max() <= BOUND


def test_transparency_is_kept_in_png_and_black_in_jpg() -> None:
    layout = replace(PQ, chroma_shift_x=0, chroma_shift_y=0, alpha=True)
    source = plain(4, 4, layout, (700, 512, 512, 512))
    pixels = png(source)
    assert pixels.shape == (4, 4, 4)
    assert (pixels[..., 3] == 128).all()
    opaque = plain(4, 4, replace(layout, alpha=False), (700, 512, 512))
    np.testing.assert_array_equal(pixels[..., :3], png(opaque))
    assert 0 < jpg(source).y[0, 0] < jpg(opaque).y[0, 0]
    assert not jpg(plain(4, 4, layout, (700, 512, 512, 0))).y.any()


def test_standard_range_is_left_alone() -> None:
    source = noisy(6, 4, replace(PQ, transfer=Transfer.SDR))
    assert tone_map(source, as_is(6, 4), ShrinkFilter.BICUBIC) is source


def test_the_hash_is_that_of_the_signal() -> None:
    """Tone mapping has no say in it."""
    source = noisy(64, 48, PQ)
    assert dhash(source) == dhash(replace(source, layout=replace(PQ, transfer=Transfer.SDR)))


def test_garbage_above_the_depth_does_no_harm() -> None:
    """What a damaged decoder leaves in a sample's high bits is some colour."""
    plane = padded(np.full((4, 4), 65535), 10)
    layout = replace(PQ, chroma_shift_x=0, chroma_shift_y=0)
    assert png(picture([plane, plane, plane], layout)).shape == (4, 4, 3)
