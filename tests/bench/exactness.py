"""Compares captures of the media corpus with the oracle, and writes the table of docs/exactness.md.

    FRAMECAP_CORPUS=… python tests/bench/exactness.py [--write docs/exactness.md]

The oracle decodes every frame of a file, in order, and applies the contract's sentences to them.
A frame is exact when its presentation time, the instants it answers, its keyframe and damage flags,
its hash (of an undamaged one) and its change all equal the oracle's.
"""

from __future__ import annotations

import argparse
import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Final, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.page import deliver
from framecap.spec import text
from oracles import timeline
from oracles.corpus import VIDEOS
from support.media.capturing import capture, expected, given_row, wanted_row

MODES: Final = {
    "every second": "inter_1000",
    "every 7.3 s": "inter_7300",
    "keyframes": "m_key",
    "ten, evenly": "m_avg,num_10",
    "changes": "m_dhash,inter_250,thr_15",
    "five largest changes": "m_dhash,inter_250,num_5",
}

SWEEP: Final = "## Sweep"
"""The heading of what `sweep.py` writes."""

COMMAND: Final = "FRAMECAP_CORPUS=… python tests/bench/exactness.py --write docs/exactness.md"


PAGE: Final = """# Exact frames

Each cell is *expected, captured, exact*: the frames an oracle captures, those framecap captures,
and those of them that are the same frame with the same facts: presentation time, the instants it
answers, keyframe and damage flags, hash (of undamaged frames) and change. The oracle decodes every
frame of the file in order and applies the contract to the list; it shares no code with framecap.

The decode strategy stands behind them; `framecap explain` shows it in a sentence.

Together {total.expected} frames expected, {total.captured} captured, {total.exact} exact, for
which framecap decoded {total.decoded} frames, by these strategies:

{strategies}

{table}

Made by `{command}`, with framecap {framecap} and PyAV {av}.
The files are those of the test corpus. The damaged ones among them (`decord_corrupted.mp4`,
`ft_truncated_claims_1132s.mkv`) count like the others.

Tests compare clips of structures that the corpus lacks with the same oracle, pictures included, by
every access path: `tests/media/test_every_structure.py` and its neighbours. Three things depend on
all that lies before a frame, and a seek that skips it cannot know them; reading on from the
beginning does, and so do the passes over small transport streams, program streams and FLV files (up
to 64 MB):

- a frame that falls back by more than a second (a recording was appended) moves all later ones; in
  MP4 and MKV, and in larger files, a seek behind it reports the times of the file;
- a keyframe that is late by less, in the same files, is captured by a seek that ends at it;
- headers that change once, within the stream, in a file whose container has headers of its own and
  whose first packet has none (an appended MKV, `avc3` and `hev1` in MP4, a second FLV header): a
  seek behind the change decodes with those of the container.
"""


class Result(NamedTuple):
    """One file in one mode."""

    expected: int
    """Frames the oracle captures."""

    captured: int
    """Frames framecap captures."""

    exact: int
    """Those of them that equal the oracle's at the same index."""

    decoded: int
    """Frames framecap decoded to find them."""

    strategy: str
    """The decode strategy."""

    @property
    def cell(self) -> str:
        """The text of its cell in the table."""
        return f"{self.expected}, {self.captured}, {self.exact} {self.strategy}"


def measure(path: Path, mode: str) -> Result:
    """Captures from a file and compares, frame by frame."""
    spec = text.parse(f"video/snapshots,f_jpg,w_64,h_64,{mode}").spec
    line = timeline.read(path)
    wanted = [wanted_row(line, pick) for pick in expected(line, spec)]
    captured = capture(path, spec)
    given = [given_row(image) for image in captured.images]
    exact = sum(ours == oracles for ours, oracles in zip(given, wanted, strict=False))
    assert captured.plan is not None
    strategy = captured.plan.strategy.value.replace("_", " ")
    return Result(len(wanted), len(given), exact, captured.summary.decoded_count, strategy)


def total_of(results: list[Result]) -> Result:
    """Returns the sums over several results."""
    return Result(*map(sum, zip(*(result[:4] for result in results), strict=True)), strategy="")


def strategies(results: list[Result]) -> list[str]:
    """Returns the lines of the table of strategies."""
    lines = ["| strategy | captures | frames captured | frames decoded |", "|---|---|---|---|"]
    for strategy in sorted({result.strategy for result in results}):
        taken = [result for result in results if result.strategy == strategy]
        total = total_of(taken)
        lines.append(f"| {strategy} | {len(taken)} | {total.captured} | {total.decoded} |")
    return lines


def table(corpus: Path) -> tuple[list[str], list[Result]]:
    """Returns the table's lines and its cells."""
    lines = [
        f"| file | frames | {' | '.join(MODES)} |",
        f"|---|---|{'---|' * len(MODES)}",
    ]
    results: list[Result] = []
    for video in VIDEOS:
        path = corpus / "media" / video
        row = [measure(path, mode) for mode in MODES.values()]
        results += row
        cells = " | ".join(result.cell for result in row)
        lines.append(f"| `{video}` | {timeline.read(path).decoded} | {cells} |")
    return lines, results


def main() -> int:
    """Prints the page, or writes it; fails when a frame is not exact."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--write", type=Path, metavar="FILE")
    target = options.parse_args().write
    lines, results = table(Path(os.environ["FRAMECAP_CORPUS"]))
    total = total_of(results)
    page = PAGE.format(
        total=total,
        strategies="\n".join(strategies(results)),
        table="\n".join(lines),
        command=COMMAND,
        framecap=version("framecap"),
        av=version("av"),
    )
    deliver(page, target, keep=SWEEP)
    return 0 if total.expected == total.captured == total.exact else 1


if __name__ == "__main__":
    sys.exit(main())
