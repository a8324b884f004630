"""Finds the streams of a container that belong to one program.

A transport stream may carry several programs, each with a clock of its own, and a playlist lists a
program per quality. PyAV does not expose programs; the library's own description of a container
lists them.
"""

from __future__ import annotations

import re
from typing import Final

from av.container import InputContainer

from framecap.media.containers.dump import printed

# The formats whose demuxers report programs.
_FORMATS: Final = frozenset({"mpegts", "hls"})

# Metadata is indented further, even the later lines of a value.
_PROGRAM: Final = re.compile(r"^  (?:No )?Program\b")
_STREAM: Final = re.compile(r"^  Stream #0:(\d+)")


def program_streams(native: InputContainer, index: int) -> frozenset[int]:
    """Returns the streams that share a program with a stream, that stream included.

    Streams outside all programs count as one program, so a container without programs gives all
    its streams. Costs about 0.2 ms.

    Args:
        native: The open container.
        index: The stream's index in it.
    """
    everything = frozenset(stream.index for stream in native.streams)
    if native.format.name not in _FORMATS:
        return everything
    shared = [program for program in _programs(printed(native)) if index in program]
    return frozenset().union(*shared) if shared else everything


def _programs(description: str) -> list[set[int]]:
    programs: list[set[int]] = [set()]
    for line in description.splitlines():
        if _PROGRAM.match(line):
            programs.append(set())
        elif found := _STREAM.match(line):
            programs[-1].add(int(found[1]))
    return programs
