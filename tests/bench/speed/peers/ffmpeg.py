"""FFmpeg's command: the newest from a package of pip, and Debian's where it is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import imageio_ffmpeg

from bench.speed.films import Film
from bench.speed.jobs import Frame, Job, Mode, PeerFailed, Run
from bench.speed.ratios import Timing

# What is nearest to libjpeg's 90 in PSNR; and Huffman tables as they come, which is quicker.
QUALITY: Final = ("-q:v", "2", "-huffman", "default")
QUIET: Final = ("-v", "error", "-nostdin", "-y")


@dataclass(frozen=True, slots=True)
class FFmpeg:
    """One command for all frames of a job."""

    name: str
    program: str

    def run(self, film: Film, job: Job, frames: list[Frame], into: Path) -> Run:
        """Writes the job's pictures into a directory."""
        wall, cpu = call([self.program, *command(film, job), f"{into}/%06d.jpg"])
        return Run(timing=Timing(wall, cpu), pictures=sorted(into.glob("*.jpg")))


@dataclass(frozen=True, slots=True)
class Seeks:
    """One command for each frame, one after the other."""

    name: str
    program: str

    def run(self, film: Film, job: Job, frames: list[Frame], into: Path) -> Run:
        """Writes the pictures of the frames that framecap told into a directory."""
        wall = cpu = 0.0
        for number, frame in enumerate(frames):
            # The command gives the first frame at or after a time, not the one on screen then:
            # it is told when the frame begins, less what rounding may have added.
            at = max(Fraction(0), frame.time - Fraction(1, 2000))
            arguments = [*QUIET, "-ss", f"{float(at):.6f}", "-i", str(film.path), "-map", "0:v:0"]
            arguments += ["-frames:v", "1", "-vf", scaling(job), *QUALITY]
            one = call([self.program, *arguments, f"{into}/{number:06d}.jpg"])
            wall, cpu = wall + one[0], cpu + one[1]
        return Run(timing=Timing(wall, cpu), pictures=sorted(into.glob("*.jpg")))


def newest() -> str:
    """Returns the newest command."""
    return str(imageio_ffmpeg.get_ffmpeg_exe())


def debian() -> str | None:
    """Returns the system's own command, if there is one."""
    return shutil.which("ffmpeg", path="/usr/bin")


def version(program: str) -> str:
    """Returns what the command calls itself."""
    told = subprocess.run([program, "-version"], capture_output=True, text=True, check=True)
    return " ".join(told.stdout.split()[:3])


def command(film: Film, job: Job) -> list[str]:
    """Returns what the command is given, but for the output."""
    source = ["-i", str(film.path), "-map", "0:v:0"]
    match job.mode:
        case Mode.KEYFRAMES:
            source = ["-skip_frame", "nokey", *source]
            # Of VP9 and, by Debian's, of AV1, it skips nothing.
            filters = ["select=key", scaling(job)]
        case Mode.STEPS:
            # Of frames that fall between two instants the last is shown at the second: the one
            # that is on screen then.
            every = f"{job.step.denominator}/{job.step.numerator}"
            filters = [f"fps=fps={every}:round=up:start_time=0", scaling(job)]
        case _:
            filters = [scaling(job)] if job.size else []
    arguments = [*QUIET, *source, *(["-vf", ",".join(filters)] if filters else [])]
    # Versions before 5.1 know -vsync only, later ones warn of it.
    return [*arguments, "-fps_mode", "passthrough", *QUALITY]


def scaling(job: Job) -> str:
    """Returns the filters that make the job's size."""
    assert job.size is not None
    width, height = job.size
    if job.crop:
        covers = "force_original_aspect_ratio=increase"
        return f"scale={width}:{height}:{covers}:flags=bicubic,crop={width}:{height}"
    return f"scale={width}:{height}:flags=bicubic"


def call(arguments: list[str]) -> tuple[float, float]:
    """Runs a command; returns its wall time and processor seconds."""
    with tempfile.TemporaryFile() as errors:
        begun = time.perf_counter()
        process = subprocess.Popen(arguments, stderr=errors, stdin=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begun
        # Popen must not wait for what was waited for here.
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            errors.seek(0)
            raise PeerFailed(errors.read().decode(errors="replace").strip()[-300:])
    return wall, used.ru_utime + used.ru_stime
