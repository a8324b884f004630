"""The films: made once, and kept outside the repository; two of the corpus among them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import imageio_ffmpeg
import numpy as np
from av.video.stream import VideoStream

from bench.speed import numbered
from bench.speed.recipes import CLIP, LONG, LOOKS, RATE, SHORT_4K, Piece, Recipe

CORPUS: Final = ("bbb_10min_320x184.ts", "ax_long_1080p_black.mp4")
SMALL: Final = (178, 100)
UNCLEAR: Final = 0.1
PIECE_FORMAT: Final = {"webm": "webm", "ts": "mp4", "mkv": "mp4", "mp4": "mp4"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Film:
    """What is captured from."""

    name: str
    path: Path
    codec: str
    width: int
    height: int
    rate: Fraction
    frames: int

    numbers: int | None
    """After so many frames the numbers in the pictures start again; None: there are none."""

    unclear: frozenset[int] = frozenset()
    """Numbers that the encoder spoilt: nothing is read from their pictures."""

    @property
    def seconds(self) -> float:
        """How long it is."""
        return float(self.frames / self.rate)

    def number_at(self, instant: Fraction) -> int | None:
        """Returns the number in the picture on screen at an instant in seconds, if it has one."""
        return None if self.numbers is None else int(instant * self.rate) % self.numbers

    def is_clear(self, time: Fraction) -> bool:
        """Returns whether the frame that begins at a time can be known by its number."""
        return self.numbers is not None and (
            round(time * self.rate) % self.numbers not in self.unclear
        )


class Library:
    """Finds films, and makes those that are not there.

    Args:
        corpus: The media corpus.
        directory: Where films are kept. Copies of the corpus' are there too, so that one directory
            holds all.
        brief: True for long films that are not: two pieces each, and none of the corpus.
    """

    def __init__(self, corpus: Path, directory: Path, *, brief: bool = False) -> None:
        self.brief = brief
        self._corpus = corpus / "media"
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)

    def long(self, named: str) -> list[Film]:
        """Returns the films of at least five minutes whose names contain something."""
        recipes = [recipe for recipe in LONG if named in recipe.name]
        if self.brief:
            return [self.excerpt(recipe, 2) for recipe in recipes]
        made = map(self.made, recipes)
        return [*made, *(self.copied(name) for name in CORPUS if named in name)]

    def short(self, named: str) -> list[Film]:
        """Returns the short films of 2160p whose names contain something."""
        return [self.made(recipe) for recipe in SHORT_4K if named in recipe.name]

    def excerpt(self, recipe: Recipe, times: int) -> Film:
        """Returns a film with fewer, or more, repetitions."""
        return self.made(replace(recipe, name=f"{recipe.name}-{times}", times=times))

    def made(self, recipe: Recipe) -> Film:
        """Returns a film of a recipe."""
        path = self.directory / f"{recipe.file(_tool())}.{recipe.container}"
        piece = self._piece(recipe)
        if not path.exists():
            say(f"making {path.name}")
            with whole(path) as unfinished:
                repeat(piece, unfinished, recipe)
        return Film(
            name=recipe.name,
            path=path,
            codec=recipe.piece.codec,
            width=recipe.piece.width,
            height=recipe.piece.height,
            rate=Fraction(RATE),
            frames=recipe.frames,
            numbers=recipe.piece.frames,
            unclear=frozenset(json.loads(_notes(piece).read_text())),
        )

    def copied(self, name: str) -> Film:
        """Returns a film of the corpus."""
        path = self.directory / name
        if not path.exists():
            with whole(path) as unfinished:
                shutil.copyfile(self._corpus / name, unfinished)
        with av.open(path) as container:
            video = container.streams.best("video")
            assert isinstance(video, VideoStream) and video.average_rate is not None
            frames = sum(1 for packet in container.demux(video) if packet.size)
            return Film(
                name=path.stem,
                path=path,
                codec=video.codec_context.name,
                width=video.width,
                height=video.height,
                rate=video.average_rate,
                frames=frames,
                numbers=None,
            )

    def _piece(self, recipe: Recipe) -> Path:
        kind = PIECE_FORMAT[recipe.container]
        alone = Recipe(name="piece", piece=recipe.piece, times=1, container=kind)
        path = self.directory / f"{alone.file(_tool())}.{kind}"
        if not path.exists():
            say(f"making {path.name}")
            with whole(path) as unfinished:
                encode(self._corpus / CLIP, unfinished, recipe.piece)
        if not _notes(path).exists():
            with whole(_notes(path)) as unfinished:
                unfinished.write_text(json.dumps(unclear(path, recipe.piece)))
        return path


def encode(clip: Path, path: Path, piece: Piece) -> None:
    """Encodes a piece."""
    looks = LOOKS.format(rate=RATE, width=piece.width, height=piece.height)
    filters = f"{looks},{numbered.drawing(piece.width, piece.height)}"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", "-y"]
    # The film's titles stand still: begin after them.
    command += ["-ss", "4", "-stream_loop", "1", "-i", f"{clip}", "-an", "-vf", filters]
    command += ["-r", f"{RATE}", "-frames:v", f"{piece.frames}", *piece.arguments(), f"{path}"]
    subprocess.run(command, check=True, stderr=subprocess.PIPE)


def unclear(path: Path, piece: Piece) -> list[int]:
    """Returns the frames that do not show their number when they are small; few may."""
    with av.open(path) as container:
        video = container.streams.video[0]
        video.thread_type = "AUTO"
        shown = [
            numbered.number(frame.reformat(*SMALL, "gray").to_ndarray().astype(np.uint8))
            for frame in container.decode(video)
        ]
    found = [number for number, read in enumerate(shown) if number != read]
    assert len(shown) == piece.frames and len(found) < UNCLEAR * len(shown), (path, len(found))
    return found


def repeat(piece: Path, path: Path, recipe: Recipe) -> None:
    """Writes the packets of a piece again and again, each time later."""
    with av.open(piece) as source, av.open(path, "w") as target:
        video = source.streams.video[0]
        written = target.add_stream_from_template(video, opaque=True)
        packets = [packet for packet in source.demux(video) if packet.size]
        assert len(packets) == recipe.piece.frames, (piece, len(packets))
        contents = [(bytes(p), p.pts, p.dts, p.is_keyframe, p.time_base) for p in packets]
        duration = Fraction(recipe.piece.frames, RATE)
        for time in range(recipe.times):
            for content, pts, dts, keyframe, base in contents:
                assert pts is not None and dts is not None
                shift = time * duration / base
                assert shift.denominator == 1
                packet = av.Packet(content)
                packet.stream = written
                packet.time_base = base
                packet.pts, packet.dts = pts + int(shift), dts + int(shift)
                packet.duration = int(1 / (RATE * base))
                packet.is_keyframe = keyframe
                target.mux(packet)


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Yields a path to write; the file has its own name only once it is finished."""
    unfinished = path.with_name(f"unfinished-{os.getpid()}-{path.name}")
    try:
        yield unfinished
        unfinished.rename(path)
    finally:
        unfinished.unlink(missing_ok=True)


def default_directory() -> Path:
    """Returns where films are kept unless told otherwise."""
    told = os.environ.get("FRAMECAP_BENCH_FILMS")
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(told) if told else Path(cache, "framecap-bench")


def say(what: str) -> None:
    """Tells a person what is going on."""
    print(what, file=sys.stderr, flush=True)


def _notes(piece: Path) -> Path:
    return piece.with_suffix(".json")


def _tool() -> str:
    return str(imageio_ffmpeg.get_ffmpeg_version())
