"""Reads the edit list of a track in an MP4 or QuickTime file.

The library applies edit lists without reporting them. This module reads the box headers down to the
list, a few dozen bytes each, which the library has just read as well.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from framecap.media.containers.cursor import SharedFile

# The most boxes of one level, and edits of one list, that are read.
_MAX_BOXES: Final = 4096
_MAX_EDITS: Final = 4096

_HEAD: Final = struct.Struct(">I4s")
_LARGE: Final = struct.Struct(">Q")
_COUNT: Final = struct.Struct(">B3xI")

# Offsets of the track's id in the track header, by version.
_TRACK_ID: Final = {0: 12, 1: 20}

# By version of the list: an entry's duration, its start in the media, and its rate.
_ENTRIES: Final = {0: struct.Struct(">Iii"), 1: struct.Struct(">Qqi")}

# The media start of an empty edit, which shows nothing for its duration.
_EMPTY: Final = -1


@dataclass(frozen=True, slots=True)
class EditList:
    """The known facts of a track's edit list."""

    present: bool = False
    """True when there is a list, or when its absence is not certain."""

    contiguous: bool = True
    """True when the media is shown once, in one piece, at most after a delay."""


_UNKNOWN: Final = EditList(present=True, contiguous=False)


def edit_list(file: SharedFile, track: int) -> EditList:
    """Returns the known facts of the edit list of a track.

    Args:
        file: An MP4 or QuickTime file.
        track: The track's id, which is the id of the library's stream.
    """
    try:
        for begin, end in _boxes(file, 0, file.size, b"moov"):
            for trak in _boxes(file, begin, end, b"trak"):
                if _track_id(file, *trak) == track:
                    return _of_track(file, *trak)
    except (struct.error, KeyError, IndexError):
        pass
    # The header is compressed, or the library reads it differently.
    return _UNKNOWN


def _of_track(file: SharedFile, begin: int, end: int) -> EditList:
    for edts in _boxes(file, begin, end, b"edts"):
        for at, _ in _boxes(file, *edts, b"elst"):
            version, count = _COUNT.unpack(file.read_at(at, _COUNT.size))
            if count > _MAX_EDITS:
                return _UNKNOWN
            entry = _ENTRIES[version]
            entries = file.read_at(at + _COUNT.size, count * entry.size)
            starts = [start for _, start, _ in entry.iter_unpack(entries)]
            # An empty list has no effect; a delay between two edits divides the media.
            media = [position for position, start in enumerate(starts) if start != _EMPTY]
            return EditList(present=bool(starts), contiguous=len(media) <= 1)
    return EditList()


def _track_id(file: SharedFile, begin: int, end: int) -> int | None:
    for at, _ in _boxes(file, begin, end, b"tkhd"):
        version = file.read_at(at, 1)[0]
        return int.from_bytes(file.read_at(at + _TRACK_ID[version], 4), "big")
    return None


def _boxes(file: SharedFile, begin: int, end: int, kind: bytes) -> Iterator[tuple[int, int]]:
    """Yields the begin and end of the contents of boxes of one kind."""
    for _ in range(_MAX_BOXES):
        if begin + _HEAD.size > end:
            return
        head = file.read_at(begin, _HEAD.size + _LARGE.size)
        size, name = _HEAD.unpack_from(head)
        content = begin + _HEAD.size
        if size == 1:
            (size,) = _LARGE.unpack_from(head, _HEAD.size)
            content += _LARGE.size
        elif size == 0:
            size = end - begin
        if begin + size < content:
            return
        if name == kind:
            yield content, min(begin + size, end)
        begin += size
