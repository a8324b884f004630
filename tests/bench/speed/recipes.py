"""How the films are made: what is encoded, and how long it goes on.

The pictures are those of a clip of the media corpus, enlarged, sharpened and with grain on them, so
that there is something to compress. Groups of 2 s are cut at a fixed distance, as packagers for
streaming do; the others are as the encoders make them, who begin a group at a new scene too.
"""

from __future__ import annotations

import hashlib
from dataclasses import astuple, dataclass
from typing import Final

RATE: Final = 24
"""Frames per second."""

CLIP: Final = "moviepy_bbb_vp8_720p_30s.webm"
LOOKS: Final = (
    "setpts=N/({rate}*TB),scale={width}:{height}:flags=bicubic,unsharp=5:5:0.8,"
    "noise=alls=5:allf=t:all_seed=7"
)

ENCODERS: Final = {
    "h264": ("-c:v", "libx264", "-preset", "veryfast", "-g", "{gop}"),
    "hevc": ("-c:v", "libx265", "-preset", "superfast", "-tag:v", "hvc1"),
    "vp9": (
        *("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-row-mt", "1"),
        # Hidden reference frames, which streams of VP9 usually have.
        *("-tile-columns", "2", "-lag-in-frames", "16", "-auto-alt-ref", "1", "-g", "{gop}"),
    ),
    "av1": (
        *("-c:v", "libsvtav1", "-preset", "12", "-g", "{gop}"),
        # Else it mixes neighbours into its references, and the numbers in them.
        *("-svtav1-params", "enable-tf=0"),
    ),
}
FIXED: Final = {
    "h264": ("-keyint_min", "{gop}", "-sc_threshold", "0"),
    "hevc": (),
    "vp9": ("-keyint_min", "{gop}"),
    "av1": (),
}
X265: Final = "keyint={gop}:log-level=none"
X265_FIXED: Final = X265 + ":min-keyint={gop}:scenecut=0"
TEN_BITS: Final = "yuv420p10le"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """What is encoded once."""

    codec: str
    gop_s: int
    """Seconds between keyframes, at most."""

    frames: int
    width: int = 1920
    height: int = 1080
    fixed: bool = False
    """True where keyframes are `gop_s` apart and nowhere else."""

    ten_bits: bool = False

    @property
    def rate(self) -> str:
        """The bitrate asked of the encoder."""
        pixels = self.width * self.height // (1920 * 1080)
        return f"{(4 if self.codec == 'h264' else 3) * (3 * pixels // 2 or 1)}M"

    def arguments(self) -> list[str]:
        """Returns the encoder and its options, as FFmpeg's command takes them."""
        wanted = [*ENCODERS[self.codec], *(FIXED[self.codec] if self.fixed else ())]
        if self.codec == "hevc":
            wanted += ["-x265-params", X265_FIXED if self.fixed else X265]
        if self.ten_bits:
            wanted += ["-pix_fmt", TEN_BITS]
        gop = f"{self.gop_s * RATE}"
        return [*(part.replace("{gop}", gop) for part in wanted), "-b:v", self.rate]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A film: a piece, again and again."""

    name: str
    piece: Piece
    times: int
    container: str

    @property
    def frames(self) -> int:
        """How many frames the film has."""
        return self.piece.frames * self.times

    def file(self, tool: str) -> str:
        """Returns the file's name; another recipe or tool gives another."""
        made_of = (*astuple(self), *self.piece.arguments(), RATE, CLIP, LOOKS, tool)
        return f"{self.name}-{hashlib.sha256(repr(made_of).encode()).hexdigest()[:10]}"


def _long(codec: str, gop_s: int, container: str) -> Recipe:
    # Pieces of 21 s, so that whole tens of seconds fall anywhere in a group.
    seconds, times = (20 if gop_s == 2 else 21), 15
    piece = Piece(codec=codec, gop_s=gop_s, frames=seconds * RATE, fixed=gop_s != 5)
    name = f"{codec}-{gop_s}s-{container}"
    return Recipe(name=name, piece=piece, times=times, container=container)


def _short(codec: str, *, ten_bits: bool = False) -> Recipe:
    piece = Piece(codec=codec, gop_s=5, frames=5 * RATE, width=3840, height=2160, ten_bits=ten_bits)
    name = f"{codec}-4k{'-10bit' if ten_bits else ''}"
    return Recipe(name=name, piece=piece, times=6, container="mp4")


LONG: Final = (
    _long("h264", 2, "mp4"),
    _long("h264", 5, "mkv"),
    _long("h264", 10, "mp4"),
    _long("hevc", 2, "mp4"),
    _long("hevc", 5, "mkv"),
    _long("hevc", 10, "mp4"),
    _long("vp9", 2, "webm"),
    _long("vp9", 5, "mp4"),
    _long("vp9", 10, "webm"),
    _long("av1", 2, "mp4"),
    _long("av1", 5, "mkv"),
    _long("av1", 10, "mp4"),
    _long("h264", 2, "ts"),
    _long("hevc", 5, "ts"),
)
"""At least five minutes of 1080p."""

SHORT_4K: Final = (_short("h264"), _short("hevc", ten_bits=True), _short("av1"))
"""Half a minute of 2160p."""
