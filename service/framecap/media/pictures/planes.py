"""Views on a decoded frame's planes, and the meaning of their samples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache, lru_cache
from typing import Final, cast

import numpy as np
from av import VideoFormat
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane

from framecap.media.containers.cropping import Cropping
from framecap.media.pictures.side_data import DisplayMatrix, display_matrix
from framecap.model.media import (
    Matrix,
    Model,
    Orientation,
    Picture,
    PixelLayout,
    Plane,
    Siting,
    Transfer,
)

# By ISO/IEC 23091-2 (AVCOL_SPC_*). Other or unflagged values are read as BT.601, as FFmpeg's own
# conversions do.
_MATRICES: Final = {
    1: Matrix.BT709,
    4: Matrix.FCC,
    5: Matrix.BT601,
    6: Matrix.BT601,
    7: Matrix.SMPTE240M,
    9: Matrix.BT2020,
    10: Matrix.BT2020,
}
_UNFLAGGED: Final = 0
_FULL_RANGE: Final = 2
_TRANSFERS: Final = {16: Transfer.PQ, 18: Transfer.HLG}

# Formats that differ from a planar one by the order of their bytes only, so that the library's
# conversion moves samples and changes none.
_PLANAR_TWIN: Final = {
    "nv12": "yuv420p",
    "nv21": "yuv420p",
    "nv16": "yuv422p",
    "nv24": "yuv444p",
    "nv42": "yuv444p",
    "yuyv422": "yuv422p",
    "uyvy422": "yuv422p",
    "yvyu422": "yuv422p",
    "uyyvyy411": "yuv411p",
    "nv20le": "yuv422p10le",
    "y210le": "yuv422p10le",
    "y212le": "yuv422p12le",
    "p010le": "yuv420p10le",
    "p012le": "yuv420p12le",
    "p016le": "yuv420p16le",
    "p210le": "yuv422p10le",
    "p212le": "yuv422p12le",
    "p216le": "yuv422p16le",
    "p410le": "yuv444p10le",
    "p412le": "yuv444p12le",
    "p416le": "yuv444p16le",
    "xv30le": "yuv444p10le",
    "xv36le": "yuv444p12le",
    "vuyx": "yuv444p",
    "vyu444": "yuv444p",
    "vuya": "yuva444p",
    "ayuv": "yuva444p",
    "ayuv64le": "yuva444p16le",
    "monow": "gray",
    "monob": "gray",
    "grayf32le": "gray16le",
}

_IDENTITY: Final = Orientation()


@dataclass(frozen=True, slots=True)
class _Format:
    """Access to the planes of a pixel format."""

    twin: str | None
    """The planar format to convert to first; None if the frame's own planes can be used."""

    order: tuple[int, ...]
    """Planes in the order of `PixelLayout`."""

    layout: PixelLayout
    """The layout, colour not yet filled in."""


class Views:
    """Makes views on the frames of one stream.

    Args:
        cropping: The container's cropping of stored pictures.
        siting: The position of chroma samples.
        orientation: How all frames are turned for display; None if each frame says.
    """

    def __init__(
        self,
        *,
        cropping: Cropping | None,
        siting: Siting,
        orientation: Orientation | None = None,
    ) -> None:
        self._cropping = cropping
        self._siting = siting
        self._orientation = orientation
        self._orientations: dict[int, Orientation] = {}

    def picture(self, native: VideoFrame, sample_aspect_ratio: Fraction) -> Picture:
        """Returns views on the planes of a frame, whose buffers live as long as the views do.

        Args:
            native: The decoded frame.
            sample_aspect_ratio: The shape of a stored pixel, width to height.
        """
        # Reading the rotation is cheap; the side data behind it are read once per rotation.
        turn = native.rotation
        if turn not in self._orientations:
            self._orientations[turn] = self._orientation or orientation_of(native)
        return picture_of(
            native,
            sample_aspect_ratio=sample_aspect_ratio,
            orientation=self._orientations[turn],
            cropping=self._cropping,
            siting=self._siting,
        )


def picture_of(
    native: VideoFrame,
    *,
    sample_aspect_ratio: Fraction,
    orientation: Orientation,
    cropping: Cropping | None = None,
    siting: Siting = Siting.LEFT,
) -> Picture:
    """Returns views on the planes of a decoded frame.

    Args:
        native: The decoded frame; its buffers live as long as the views do.
        sample_aspect_ratio: The shape of a stored pixel, width to height.
        orientation: How the stored picture becomes the displayed one.
        cropping: The container's cropping of it.
        siting: The position of chroma samples.
    """
    described = _describe(native.format.name)
    if described.twin is not None:
        native = native.reformat(format=described.twin)
        described = _describe(described.twin)
    planes = native.planes  # PyAV creates all planes at each access.
    views = tuple(_view(planes[index], described.layout.depth) for index in described.order)
    return Picture(
        planes=views if cropping is None else cropping.planes(views, described.layout),
        layout=_coloured(
            native.format.name,
            int(native.color_trc),
            int(native.colorspace),
            int(native.color_range),
            siting=siting,
        ),
        sample_aspect_ratio=sample_aspect_ratio,
        orientation=orientation,
    )


def orientation_of(native: VideoFrame) -> Orientation:
    """Returns how the display matrix of a frame turns the picture.

    Call it for few frames: a frame whose side data was read is in a reference cycle with it, and
    is freed only by the garbage collector.

    A matrix that is not a multiple of a quarter turn is read as the nearest one.
    """
    matrix = display_matrix(native)
    return _IDENTITY if matrix is None else _orientation(matrix)


def _orientation(matrix: DisplayMatrix) -> Orientation:
    # A point (x, y), y downwards, is shown at (a·x + c·y, b·x + d·y). Mirroring changes x only, so
    # the image of the y axis gives the turn: (c, d) = (-sin, cos).
    a, b, _, c, d = matrix[:5]
    turns = (0 if d > 0 else 2) if abs(d) >= abs(c) else (1 if c < 0 else 3)
    return Orientation(quarter_turns=turns, mirrored=a * d - b * c < 0)


@cache
def _describe(name: str) -> _Format:
    """Returns the planes and the layout of the pixel format `name`."""
    native = VideoFormat(name)
    components = native.components
    alpha = any(component.is_alpha for component in components)
    depth = max(component.bits for component in components)
    twin: str | None
    if name in _PLANAR_TWIN:
        twin = _PLANAR_TWIN[name]
    elif _is_planar(native):
        twin = f"{name.removesuffix('be')}le" if native.is_big_endian else None
    elif native.is_rgb or native.has_palette or len(components) < 3 or name.startswith("xyz"):
        kind = "gbrap" if alpha or native.has_palette else "gbrp"
        twin = kind if depth <= 8 else f"{kind}16le"
    else:
        twin = "yuva444p16le" if alpha else "yuv444p16le"
    model = Model.RGB if native.is_rgb else Model.YUV if len(components) >= 3 else Model.GRAY
    return _Format(
        twin=twin,
        order=tuple(component.plane for component in components),
        layout=PixelLayout(
            model=model,
            depth=depth,
            chroma_shift_x=_shift(native.chroma_width) if model is Model.YUV else 0,
            chroma_shift_y=_shift(native.chroma_height) if model is Model.YUV else 0,
            alpha=alpha,
        ),
    )


def _is_planar(native: VideoFormat) -> bool:
    """Returns whether each component fills whole samples of a plane of its own."""
    components = native.components
    return (
        len({component.plane for component in components}) == len(components)
        and all(8 <= component.bits <= 16 for component in components)
        and not (native.is_bit_stream or native.has_palette or native.is_bayer)
        and "f16" not in native.name
        and "msb" not in native.name
    )


def _shift(chroma_length: Callable[[int], int]) -> int:
    return 6 - (chroma_length(64).bit_length() - 1)


@lru_cache(maxsize=64)
def _coloured(
    name: str, trc: int, colorspace: int, color_range: int, *, siting: Siting
) -> PixelLayout:
    """Returns the layout of a planar format with the colour properties of a frame.

    Cached, since the frames of a video share it.
    """
    layout = _describe(name).layout
    transfer = _TRANSFERS.get(trc, Transfer.SDR)
    # High dynamic range came with BT.2020, so an unflagged matrix means it.
    unflagged = Matrix.BT601 if transfer is Transfer.SDR else Matrix.BT2020
    return replace(
        layout,
        matrix=_MATRICES.get(colorspace, unflagged),
        full_range=(
            layout.model is Model.RGB
            or color_range == _FULL_RANGE
            # Grey pictures come from JPEG, whose decoder flags only coloured ones.
            or (layout.model is Model.GRAY and color_range == _UNFLAGGED)
            or name.startswith("yuvj")
        ),
        transfer=transfer,
        siting=siting,
    )


def _view(plane: VideoPlane, depth: int) -> Plane:
    """Returns a plane's samples, shape (rows, columns), without the rows' padding."""
    dtype: type[np.uint8 | np.uint16] = np.uint8 if depth <= 8 else np.uint16
    stride = plane.line_size // np.dtype(dtype).itemsize
    samples = np.frombuffer(cast("bytes", plane), dtype=dtype)
    rows = samples[: stride * plane.height].reshape(plane.height, stride)
    return cast("Plane", rows[:, : plane.width])
