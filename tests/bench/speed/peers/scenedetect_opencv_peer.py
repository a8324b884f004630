"""PySceneDetect's HashDetector, which lets OpenCV decode."""

from __future__ import annotations

from bench.speed.peers import scenes


def changes(path: str, skip: int) -> int:
    """Returns how many cuts are found among one frame in so many."""
    return scenes.cuts(path, skip, "opencv")
