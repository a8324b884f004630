"""Reads stream facts that PyAV does not expose from libavformat's own description, a text.

The library writes the description to its log. Only lines that the library composes are read, one
stream's at a time; texts from the file are in lines of another form.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final, cast

import av.logging
from av.container import InputContainer

from framecap.model.media import DolbyVision, Siting

_SITINGS: Final = {
    "left": Siting.LEFT,
    "center": Siting.CENTER,
    "topleft": Siting.TOP_LEFT,
    "top": Siting.TOP,
    "bottomleft": Siting.BOTTOM_LEFT,
    "bottom": Siting.BOTTOM,
}

_STREAM: Final = re.compile(r"  Stream #\d+:(\d+)(?:\[0x[0-9a-f]+\])?(?:\([^)]*\))?: Video: (.*)")
_COLOURS: Final = re.compile(r", [a-z]\w*\(([^()]*)\)")
_SIDE_DATA: Final = "    Side data:"
_DOLBY_VISION: Final = re.compile(
    r"      DOVI configuration record: version: [\d.]+, profile: (\d+), level: (\d+),"
    r".* compatibility id: (\d+)"
)

# The whole process has one log. Unless repeated lines are all kept, those of one thread turn up in
# another's.
_LOCK: Final = Lock()
av.logging.set_skip_repeated(False)


@dataclass(frozen=True, slots=True)
class Description:
    """The facts in the library's description of a stream."""

    siting: Siting | None = None
    """The chroma siting; None when neither bitstream nor container states it."""

    dolby_vision: DolbyVision | None = None
    """The Dolby Vision configuration that the container states; None without one."""


def described(container: InputContainer, index: int) -> Description:
    """Returns the facts in the library's description of a stream."""
    siting, dolby_vision = None, None
    ours = side_data = False
    for line in printed(container).splitlines():
        stream = _STREAM.fullmatch(line)
        if line.lstrip().startswith("Stream #"):
            ours, side_data = stream is not None and int(stream[1]) == index, False
            if ours and stream is not None:
                siting = _siting(stream[2])
        elif not line.startswith("      "):
            side_data = line == _SIDE_DATA
        elif ours and side_data and (found := _DOLBY_VISION.match(line)):
            profile, level, compatibility = map(int, found.groups())
            dolby_vision = DolbyVision(profile, level, compatibility)
    return Description(siting, dolby_vision)


def _siting(text: str) -> Siting | None:
    """Returns the siting listed among the properties of the pixel format."""
    for colours in _COLOURS.finditer(text):
        for word in colours[1].split(", "):
            if word in _SITINGS:
                return _SITINGS[word]
    return None


def printed(container: InputContainer) -> str:
    """Returns the library's own description of an open container.

    Must not be called while a multi-threaded decoder works: a decoder thread that logs waits for
    Python, and Python may wait for that thread.
    """
    with _LOCK:
        before = av.logging.get_level()
        # The library prints chroma siting at this level only.
        av.logging.set_libav_level(av.logging.VERBOSE)
        av.logging.set_level(av.logging.VERBOSE)
        try:
            return str(cast("Any", container).dumps_format())
        finally:
            av.logging.set_level(before)
            av.logging.set_libav_level(av.logging.INFO)
