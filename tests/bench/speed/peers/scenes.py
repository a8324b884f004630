"""PySceneDetect, with either of its ways to decode."""

from __future__ import annotations

from scenedetect import SceneManager, open_video
from scenedetect.detectors import HashDetector


def cuts(path: str, skip: int, backend: str) -> int:
    """Returns how many cuts are found.

    Args:
        path: The film.
        skip: How many frames to leave out after each that is looked at.
        backend: What decodes.

    Raises:
        ValueError: It decodes nothing.
    """
    manager = SceneManager()
    manager.add_detector(HashDetector())
    if not manager.detect_scenes(open_video(path, backend=backend), frame_skip=skip):
        raise ValueError("no frame was decoded")
    return len(manager.get_cut_list())
