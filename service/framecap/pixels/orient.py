"""Rotation and mirroring of a picture to its displayed orientation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from framecap._kernels.turn import gather
from framecap.model.media import Orientation, Picture, Plane
from framecap.model.plan import Geometry
from framecap.model.spec import ShrinkFilter

UPRIGHT = Orientation()


def orient(picture: Picture, geometry: Geometry, shrink: ShrinkFilter) -> Picture:
    """Returns the picture upright: mirrored first, then rotated."""
    if picture.orientation == UPRIGHT:
        return picture
    planes = tuple(_turned(plane, picture.orientation) for plane in picture.planes)
    return replace(picture, planes=planes, orientation=UPRIGHT)


def _turned(plane: Plane, orientation: Orientation) -> Plane:
    mirrored = plane[:, ::-1] if orientation.mirrored else plane
    view = np.rot90(mirrored, -orientation.quarter_turns)
    upright = np.empty(view.shape, plane.dtype)
    gather(view, upright)
    return upright
