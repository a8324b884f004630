"""Where the shots of a film begin, as people saw it."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Quiet:
    """Frames where something moves or fades and no shot begins."""

    frames: range
    what: str


@dataclass(frozen=True)
class Truth:
    """The hard cuts of a film. Frames are counted from 0, in display order."""

    frames: int
    cuts: tuple[int, ...]
    """The first frame of each new shot."""

    unscored: tuple[range, ...] = ()
    """Where nobody can say whether a shot begins: fades, titles, credits."""

    quiet: tuple[Quiet, ...] = ()

    def scores(self, frame: int) -> bool:
        """Whether what is found at a frame, and is no hard cut, counts as wrong."""
        return not any(frame in span for span in self.unscored)

    def shots(self) -> list[range]:
        """The shots that begin and end with a hard cut (or the film) and are scored throughout."""
        bounds = itertools.pairwise((0, *self.cuts, self.frames))
        return [range(*pair) for pair in bounds if all(map(self.scores, range(*pair)))]


def read(path: Path) -> Truth:
    """Returns what a file of the corpus' `reference/shots` says."""
    told = json.loads(path.read_text())
    gradual = [range(fade["from_frame"], fade["to_frame"] + 1) for fade in told["gradual"]]
    ignored = [range(first, last + 1) for first, last in told["ignore_frames"]]
    return Truth(
        frames=told["frames"],
        cuts=tuple(sorted(cut["frame"] for cut in told["hard_cuts"])),
        unscored=(*gradual, *ignored),
        quiet=(
            *(
                Quiet(range(still["frame"] - 5, still["frame"] + 6), still["why"])
                for still in told["not_cuts"]
            ),
            *(
                Quiet(frames, fade["kind"])
                for frames, fade in zip(gradual, told["gradual"], strict=True)
            ),
        ),
    )
