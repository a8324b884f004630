"""OpenCV: frames by number, from the frame rate that it tells."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import cv2

SLACK = 0.001
"""Its frame rate is a float."""


def pictures(path: str, instants: list[float]) -> Iterator[Any]:
    """Yields the frames on screen at instants."""
    capture = cv2.VideoCapture(path)
    if not capture.isOpened():
        raise RuntimeError("cannot open it")
    rate = capture.get(cv2.CAP_PROP_FPS)
    for at in instants:
        capture.set(cv2.CAP_PROP_POS_FRAMES, int(at * rate + SLACK))
        read, picture = capture.read()
        if not read:
            raise RuntimeError(f"no frame at {at} s")
        yield cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
