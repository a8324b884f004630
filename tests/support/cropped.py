"""Clips of which video or container say that less is shown than is stored."""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from imageio_ffmpeg import get_ffmpeg_exe

_PATH = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")
_STSD_HEAD = 8


class Sides(NamedTuple):
    """Columns and rows to leave out."""

    left: int = 0
    right: int = 0
    top: int = 0
    bottom: int = 0


def cropped_in_the_video(source: Path, target: Path, codec: str, sides: Sides) -> Path:
    """Writes a film anew with cropping in its video's headers; returns its path.

    Args:
        source: The film.
        target: Where to; the suffix decides the container.
        codec: `h264` or `hevc`.
        sides: Even numbers, where chroma has half the samples.
    """
    given = ":".join(f"crop_{side}={count}" for side, count in sides._asdict().items())
    return remuxed(source, target, "-bsf:v", f"{codec}_metadata={given}")


def cropped_in_the_container(
    source: Path, target: Path, size: tuple[int, int], sides: Sides
) -> Path:
    """Writes an MP4 film anew with a clean aperture, which FFmpeg takes into other containers.

    Args:
        source: The film, its index behind the pictures.
        target: Where to; the suffix decides the container.
        size: Width and height as stored.
        sides: What the aperture leaves out.
    """
    width, height = size[0] - sides.left - sides.right, size[1] - sides.top - sides.bottom
    # The offset is that of the aperture's centre from the picture's.
    across, down = sides.left - sides.right, sides.top - sides.bottom
    clap = struct.pack(">I4s8i", 40, b"clap", width, 1, height, 1, across, 2, down, 2)
    data = bytearray(source.read_bytes())
    sizes = []
    begin, end = 0, len(data)
    for name in _PATH:
        begin, end = next(
            (at, after) for kind, at, after in _boxes(data, begin, end) if kind == name
        )
        sizes.append(begin)
        begin += 8
    entry = begin + _STSD_HEAD
    sizes.append(entry)
    behind = entry + int.from_bytes(data[entry : entry + 4], "big")
    data[behind:behind] = clap
    for at in sizes:
        grown = int.from_bytes(data[at : at + 4], "big") + len(clap)
        data[at : at + 4] = grown.to_bytes(4, "big")
    patched = target.with_name(f"clap-{target.stem}.mp4")
    patched.write_bytes(data)
    return patched.rename(target) if target.suffix == ".mp4" else remuxed(patched, target)


def remuxed(source: Path, target: Path, *options: str, second: Path | None = None) -> Path:
    """Writes a film into another container by FFmpeg's own command; returns its path.

    Args:
        source: The film.
        target: Where to; the suffix decides the container.
        options: More options for the output.
        second: Another film, for the same output.
    """
    command = [get_ffmpeg_exe(), "-v", "error", "-nostdin", "-y", "-i", str(source)]
    command += [] if second is None else ["-i", str(second)]
    subprocess.run([*command, "-c", "copy", *options, str(target)], check=True)
    return target


def _boxes(data: bytearray, begin: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    while begin < end:
        after = begin + int.from_bytes(data[begin : begin + 4], "big")
        yield bytes(data[begin + 4 : begin + 8]), begin, after
        begin = after
