"""Copying turned views."""

from __future__ import annotations

import numpy as np
import pytest

from framecap._kernels.turn import gather
from framecap.model.media import Orientation
from oracles.pictures import ORIENTATIONS, displayed, noise


@pytest.mark.parametrize("orientation", ORIENTATIONS, ids=str)
@pytest.mark.parametrize("depth", (8, 10))
@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (32, 32), (33, 65), (70, 31)])
def test_a_copy_is_its_view(shape: tuple[int, int], depth: int, orientation: Orientation) -> None:
    view = displayed(noise(*shape, depth), orientation)
    target = np.zeros(view.shape, view.dtype)
    gather(view, target)
    np.testing.assert_array_equal(target, view)


def test_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="view and dst differ in size"):
        gather(noise(3, 4), np.empty((4, 3), np.uint8))
