"""Side data of frames, including types that PyAV's enumeration does not have."""

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
    """Returns the nine numbers of a frame's display matrix; None if it has none."""
    # By its stubs the mapping iterates over names; in fact it iterates over values.
    for side_data in cast("Iterable[SideData]", native.side_data):
        if side_data.type == SideDataType.DISPLAYMATRIX:
            return _MATRIX.unpack_from(bytes(cast("Buffer", side_data)))
    return None


def _unnamed(cls: type[SideDataType], value: Any) -> SideDataType:
    """Returns a member for a type of side data that PyAV 18 does not know, such as Exif.

    Without it, reading any side data of such a frame fails.
    """
    member = object.__new__(cls)
    member._name_ = f"TYPE_{value}"
    member._value_ = value
    return member


SideDataType._missing_ = classmethod(_unnamed)  # type: ignore[assignment]
