"""Where keyframes are, about: enough to know whether looking for one is worth a seek.

A hint decides only how frames are reached, never which they are.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Final

import av.error

from framecap.media.container import Container
from framecap.media.cursor import SharedFile
from framecap.timebase import Pts

# Looks before a pass over all packets is cheaper than more looks, and the largest file for which
# such a pass is short: some 7 µs a packet, and nothing is decoded.
_LOOKS: Final = 8
_PASS_BYTES: Final = 256 << 20


class KeyframeHints:
    """Knows, or learns, where a stream's keyframes are.

    Args:
        file: The source.
        container: The open container, whose own index serves where it is whole.
    """

    def __init__(self, file: SharedFile, container: Container) -> None:
        self._file = file
        self._looks = 0
        self._keys = _from_index(container)

    def worth_a_look(self, position: Pts, target: Pts) -> bool:
        """Returns whether there may be a keyframe in (position, target]."""
        if self._keys is None:
            self._looks += 1
            if self._looks <= _LOOKS or self._file.size > _PASS_BYTES:
                return True
            self._keys = _from_packets(self._file)
        found = bisect_right(self._keys, target)
        return found > 0 and self._keys[found - 1] > position


def _from_index(container: Container) -> list[Pts] | None:
    """Returns the keyframes' dts by the container's index; None where that is not whole."""
    stream = container.stream
    entries = stream.index_entries
    if stream.frames == 0 or len(entries) < stream.frames:
        return None
    return sorted(entry.timestamp for entry in entries if entry.is_keyframe)


def _from_packets(file: SharedFile) -> list[Pts]:
    """Returns the pts of all keyframe packets."""
    keys: list[Pts] = []
    with Container(file) as container:
        try:
            for packet in container.native.demux(container.stream):
                if packet.is_keyframe and packet.pts is not None:
                    keys.append(packet.pts)
        except av.error.FFmpegError:
            # A hint may be short; the frames there are will tell.
            pass
    return sorted(keys)
