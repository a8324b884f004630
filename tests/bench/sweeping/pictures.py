"""How full-size images look beside the pictures that ffmpeg's command makes.

Both sides begin with equal samples: the luma's digest and hash say so. What is judged here is what
is done to them then: range, matrix, chroma, turns, pixel shape, fields, transfer, alpha. Roundings
differ, so pictures are held to three measures, in levels of 8 bits:

- the mean of all absolute differences: rounding leaves 0.25 where every result is off by half a
  level at random and less where sides agree; a wrong matrix or range costs whole levels;
- the bias, the largest mean difference of a channel: rounding has none, a wrong range has;
- the worst block, the largest mean absolute difference of 16 x 16 pixels: a picture that is
  wrong in one place only (another frame's block, a missing slice) is off there by tens of levels.
"""

from __future__ import annotations

import re
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, Final

import imageio_ffmpeg
import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image

from bench.sweeping.reference import COVER, Film, Shown

Levels = npt.NDArray[np.int16]

# swscale without shortcuts in arithmetic, chroma interpolated by the cubic that framecap uses.
CAREFUL: Final = "flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp:param0=0:param1=0.5"
DEINTERLACED: Final = "bwdif=mode=send_frame:deint=interlaced"
TONE_MAPPED: Final = (
    "zscale=t=linear:npl=100:f=bicubic,format=gbrpf32le,zscale=p=bt709,"
    "tonemap=tonemap=hable:desat=0,zscale=t=bt709,format=gbrp"
)
HIGH_RANGE: Final = (16, 18)
"""PQ and HLG, by AVCOL_TRC_*."""

CENTRED: Final = ("mjpeg", "mpeg1video", "webp", "theora")
"""Codecs whose chroma lies between luma samples unless said otherwise; of others it lies left."""

ALPHA_DECODERS: Final = {"vp8": "libvpx", "vp9": "libvpx-vp9"}

BLOCK: Final = 16


@dataclass(frozen=True)
class Bounds:
    """How far two pictures may be apart."""

    mean: float
    bias: float
    block: float


BOUNDS: Final = {
    # Both sides round once or twice.
    "plain": Bounds(0.4, 0.1, 1.5),
    # Pixels that are not square: swscale keeps fewer bits between its two passes.
    "scaled": Bounds(0.5, 0.1, 3.0),
    # The last chroma sample of an odd width or height covers half as many pixels as the others;
    # swscale spreads all of them evenly, and is half a sample off at the far end.
    "odd": Bounds(0.9, 0.15, 12.0),
    # Often little is opaque, and of one colour: its rounding is the same everywhere.
    "transparent": Bounds(0.5, 0.5, 1.5),
    # zscale computes in floating point, tone mapping makes steps larger where it is dark.
    "tone-mapped": Bounds(1.1, 0.3, 6.0),
}


@dataclass(frozen=True)
class Distance:
    """How far two pictures are apart."""

    mean: float
    bias: float
    block: float

    def within(self, bounds: Bounds) -> bool:
        """Returns whether that is what roundings leave."""
        return self.mean <= bounds.mean and self.bias <= bounds.bias and self.block <= bounds.block

    def __str__(self) -> str:
        return f"mean {self.mean:.2f}, bias {self.bias:.2f}, block {self.block:.1f}"


class Unjudged(Exception):
    """The command made no pictures; the argument says why."""


@dataclass(frozen=True)
class Look:
    """What the command says of a stream's first picture."""

    format: str
    siting: str

    @property
    def alpha(self) -> bool:
        """True where pictures have alpha."""
        return self.format.startswith(
            ("yuva", "gbrap", "rgba", "argb", "bgra", "abgr", "ya", "pal")
        )


def distance(one: Levels, other: Levels) -> Distance:
    """Returns how far two pictures are apart, by the colours that can be seen."""
    if one.shape[2] == 4:
        if not np.array_equal(one[..., 3], other[..., 3]):
            off = int(np.abs(one[..., 3] - other[..., 3]).max())
            return Distance(off, off, off)
        seen = opaque(one[..., 3])
        one, other = (np.where(seen[..., None], side[..., :3], 0) for side in (one, other))
        share = seen.mean() or 1.0
    else:
        share = 1.0
    difference = one - other
    absolute = np.abs(difference)
    return Distance(
        float(absolute.mean() / share),
        float(np.abs(difference.mean(axis=(0, 1))).max() / share),
        worst_block(absolute.mean(axis=2)),
    )


def opaque(alpha: Levels) -> npt.NDArray[np.bool_]:
    """Returns where a picture and all that lies around is opaque: at edges ffmpeg mixes colours."""
    around = np.pad(alpha, 2, mode="edge")
    return sliding_window_view(around, (5, 5)).min(axis=(2, 3)) == 255


def worst_block(off: npt.NDArray[np.float64]) -> float:
    """Returns the largest mean of a block."""
    rows, columns = (np.arange(0, length, BLOCK) for length in off.shape)
    sums = np.add.reduceat(np.add.reduceat(off, rows, axis=0), columns, axis=1)
    heights, widths = (
        np.diff([*starts, length])
        for starts, length in zip((rows, columns), off.shape, strict=True)
    )
    return float((sums / np.outer(heights, widths)).max())


def kind_of(line: Film, frame: Shown, image: Levels) -> str:
    """Returns which bounds the image of a frame is held to."""
    facts = line.facts
    if facts["transfer"] in HIGH_RANGE:
        return "tone-mapped"
    if image.shape[2] == 4:
        return "transparent"
    if facts["subsampled"] and facts["odd"]:
        return "odd"
    if facts["aspect"] != "1" or sorted(frame.size) != sorted(facts["stored"]):
        return "scaled"
    return "plain"


@dataclass(frozen=True)
class Shape:
    """What an image file's header says."""

    size: tuple[int, int]
    alpha: bool


def shape_of(path: str | Path) -> Shape:
    """Returns what an image's header says."""
    with Image.open(path) as image:
        alpha = "A" in image.getbands() or "transparency" in image.info
        return Shape(image.size, alpha)


def load(path: str | Path) -> Levels:
    """Returns the levels of an image."""
    mode = "RGBA" if shape_of(path).alpha else "RGB"
    with Image.open(path) as image:
        return np.asarray(image.convert(mode), np.int16)


@lru_cache(maxsize=256)
def look(path: Path, stream: int, codec: str, timeout: float) -> Look:
    """Returns what the command says of the first picture.

    Raises:
        Unjudged: Nothing.
    """
    command = [*start(path, None), "-map", f"0:{stream}", "-vf", "showinfo"]
    command[1:3] = ["-v", "info"]
    try:
        ran = subprocess.run(
            [*command, "-frames:v", "1", "-f", "null", "-"],
            capture_output=True,
            timeout=timeout,
        )
    except subprocess.TimeoutExpired:
        raise Unjudged(f"no first picture within {timeout:.0f} s") from None
    said = ran.stderr.decode(errors="replace")
    found = re.search(r"fmt:(\S+) cl:(\S+) ", said)
    if found is None:
        raise Unjudged("the command gives no picture")
    siting = found[2]
    if siting in ("unspecified", "unknown"):
        siting = "center" if codec in CENTRED else "left"
    pixels = found[1]
    if codec in ALPHA_DECODERS and re.search(r"alpha_mode\s*: 1", said, re.IGNORECASE):
        pixels = "yuva420p"
    return Look(pixels, siting)


def start(path: Path, decoder: str | None) -> list[str]:
    """Returns how a command begins."""
    chosen = [] if decoder is None else ["-c:v", decoder]
    exe = imageio_ffmpeg.get_ffmpeg_exe()
    command = [exe, "-v", "error", "-nostdin", "-copyts", "-threads", "1"]
    # Turned before its chroma is spread, a picture would have that half a sample off.
    return [*command, "-noautorotate", *chosen, "-i", str(path)]


def made(
    path: Path, line: Film, frames: Sequence[Shown], timeout: float, *, alpha: bool
) -> Iterator[tuple[Shown, Levels]]:
    """Yields the command's pictures of frames.

    Args:
        path: The source.
        line: What the reference says of it.
        frames: In the order of decoding, each once.
        timeout: In seconds, for each run of the command.
        alpha: True for four channels.

    Raises:
        Unjudged: The command gives fewer.
    """
    for size in dict.fromkeys(frame.size for frame in frames):
        yield from _made(path, line, [f for f in frames if f.size == size], timeout, alpha=alpha)


def _made(
    path: Path, line: Film, frames: Sequence[Shown], timeout: float, *, alpha: bool
) -> Iterator[tuple[Shown, Levels]]:
    facts = line.facts
    codec = facts["codec"]
    known = look(path, facts["stream"], codec, timeout)
    turns = facts["rotation"] // 90
    width, height = frames[0].size[:: -1 if turns % 2 else 1]
    channels = 3 + alpha
    steps = []
    unit = Fraction(facts.get("time base", 1))
    if any(frame.interlaced for frame in frames):
        # It halves the unit of times, which select is to see as it was.
        steps += [DEINTERLACED, f"settb={unit}"]
    if line.kind != COVER:
        steps.append(f"select='{chosen(line, frames, unit)}'")
    if facts["transfer"] in HIGH_RANGE:
        steps.append(TONE_MAPPED)
    steps.append(f"scale={width}:{height}:{CAREFUL}:in_chroma_loc={known.siting}")
    decoder = ALPHA_DECODERS.get(codec) if alpha else None
    command = [
        *start(path, decoder),
        *("-map", f"0:{facts['stream']}", "-vf", ",".join(steps), "-frames:v", str(len(frames))),
        *("-fps_mode", "passthrough", "-f", "rawvideo"),
        *("-pix_fmt", "rgba" if alpha else "rgb24", "-"),
    ]
    wanted = width * height * channels
    with running(command, timeout) as output:
        for frame in frames:
            data = output.read(wanted)
            if len(data) < wanted:
                raise Unjudged(f"the command gives no picture of frame {frame.ordinal}")
            stored = np.frombuffer(data, np.uint8).reshape(height, width, -1)
            if facts["mirrored"]:
                stored = stored[:, ::-1]
            yield frame, np.rot90(stored, -turns).astype(np.int16)


def chosen(line: Film, frames: Sequence[Shown], unit: Fraction) -> str:
    """Returns the expression that is true of some frames: by their pts, else by their number."""
    own = [frame.pts for frame in line.frames]
    if (
        # Where the container has no times ffmpeg makes up its own.
        not line.facts["own times"]
        or line.late
        or line.moved
        or None in own
        or own != sorted({pts for pts in own if pts is not None})
    ):
        return "+".join(f"eq(n,{frame.ordinal})" for frame in frames)
    return "+".join(f"eq(pts,{(frame.pts or 0) / unit})" for frame in frames)


@contextmanager
def running(command: Sequence[str], timeout: float) -> Iterator[IO[Any]]:
    """Runs a command for a while, and gives what it writes."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    limit = threading.Timer(timeout, process.kill)
    limit.start()
    assert process.stdout is not None
    try:
        yield process.stdout
    finally:
        limit.cancel()
        process.kill()
        process.stdout.close()
        process.wait()
