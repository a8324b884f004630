"""Frames' side data, of kinds newer than PyAV's list of them too."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Any, Final, TypeAlias, cast

from av.buffer import Buffer
from av.sidedata.sidedata import SideData
from av.sidedata.sidedata import Type as SideDataType
from av.video.frame import VideoFrame

DisplayMatrix: TypeAlias = tuple[int, ...]

_MATRIX: Final = struct.Struct("<9i")


def display_matrix(native: VideoFrame) -> DisplayMatrix | None:
    """Returns the nine numbers that turn a frame for display; None when it has none."""
    # The mapping's stubs say it iterates over names; it iterates over its values.
    for side_data in cast("Iterable[SideData]", native.side_data):
        if side_data.type == SideDataType.DISPLAYMATRIX:
            return _MATRIX.unpack_from(bytes(cast("Buffer", side_data)))
    return None


def _unnamed(cls: type[SideDataType], value: Any) -> SideDataType:
    """Returns a member for a kind of side data that PyAV 18 has no name for, Exif for one.

    Without it, not even the side data that it knows could be read from such a frame.
    """
    member = object.__new__(cls)
    member._name_ = f"TYPE_{value}"
    member._value_ = value
    return member


SideDataType._missing_ = classmethod(_unnamed)  # type: ignore[assignment]
