"""Holds captures of every media file below a folder against a whole decoding.

    python tests/bench/sweep.py DIR [--allowed FILE] [--write docs/exactness.md]

Each file is probed and captured from in all modes, densely and sparsely, from the beginning and
from within. Times, flags, hashes, the luma of each frame and the full-size images are compared with
a reference that decodes the file whole with one thread and shares no code with framecap
(`sweeping/reference.py`), and with the pictures of ffmpeg's command (`sweeping/pictures.py`).

Differences that are allowed stand in one file, with the reason. Any other difference fails, and so
does an allowed one that is no longer there. This program imports nothing of framecap either:
captures run in processes of their own.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.page import deliver_section
from bench.sweeping import pictures, reference
from bench.sweeping.allowed import Allowance, read_allowed, sort_out
from bench.sweeping.answers import Answers, collect
from bench.sweeping.compare import Comparison, Difference, captures
from bench.sweeping.pictures import BOUNDS, Distance, Unjudged
from bench.sweeping.reference import COVER, NOTHING, VIDEO, Film, Shown

ALLOWED: Final = Path(__file__).with_name("sweep_allowed.toml")
REFERENCE: Final = Path(reference.__file__)

NOT_MEDIA: Final = frozenset(
    (".md", ".txt", ".tsv", ".csv", ".json", ".dump", ".toml", ".yaml", ".py", ".html", "")
)

HEADING: Final = "## Sweep"

PAGE: Final = f"""{HEADING}

{{files}} files of the corpus, probed and captured from in every mode, densely and sparsely, from
the beginning and from within: {{captures}} requests, {{frames}} frames. Each frame's time, the
instants it answers, its flags, its hash, its change and all samples of its luma are held against a
reference that decodes the file whole, with one thread, and shares no code with framecap; so are the
facts of the probe and the requests that are refused. {{pictures}} full-size images are held against
those that ffmpeg's command makes of the same frames, and those of one frame against one another,
byte for byte, over all modes. Frames that both sides call damaged are *flagged*: their pictures are
not compared, their times are.

Beside the size of each comparison stands how far the worst image is from ffmpeg's, in levels of 8
bits: the mean over all samples, and that of the worst 16 x 16 pixels. Roundings leave at most
{{bounds}} (mean, bias, block).

{{table}}

{{allowances}}

{{made}}, with framecap {{framecap}}, PyAV {{av}} and imageio-ffmpeg {{ffmpeg}}.
"""


@dataclass(frozen=True)
class Options:
    """How a sweep is done."""

    timeout: float
    """Seconds for one program and source."""

    repeat: int
    through: str
    threads: int | None


@dataclass
class Swept:
    """What was found in one source."""

    source: str
    kind: str = ""
    codec: str = ""
    container: str = ""
    shown: int = 0
    requests: int = 0
    compared: int = 0
    flagged: int = 0
    judged: int = 0
    worst: Distance | None = None
    refused: str = ""
    differences: list[Difference] = field(default_factory=list)
    spent: float = 0.0

    @property
    def line(self) -> str:
        """What is printed of it, besides the differences."""
        if self.kind == NOTHING:
            words = f"nothing to capture, refused {self.refused or '-'}"
        else:
            words = f"{self.kind} {self.codec}, {self.shown} on screen, {self.requests} requests"
            words += f", {self.compared} frames, {self.judged} pictures"
            words += f" ({self.worst})" if self.worst else ""
            words += f", {self.flagged} flagged" if self.flagged else ""
        return f"{self.source}: {words}, {len(self.differences)} differ, {self.spent:.1f} s"


def sources(folder: Path, only: str) -> list[Path]:
    """Returns the media files below a folder, in order."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file()
        and path.suffix.lower() not in NOT_MEDIA
        and not path.name.startswith(".")
        and fnmatch(path.name, only)
    )


def whole(path: Path, timeout: float) -> Film:
    """Returns what the reference says of a file.

    Raises:
        Unjudged: It says nothing.
    """
    # -I keeps the folders of this program, and what the environment names, out of its path.
    command = [sys.executable, "-I", str(REFERENCE), str(path)]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=timeout)
    except subprocess.TimeoutExpired:
        raise Unjudged(f"the reference took longer than {timeout:.0f} s") from None
    if ran.returncode:
        last = ran.stderr.strip().splitlines()[-1:] or [f"status {ran.returncode}"]
        raise Unjudged(f"the reference failed: {last[0]}")
    return reference.from_json(ran.stdout)


def sweep(path: Path, folder: Path, options: Options) -> Swept:
    """Compares all there is to compare of one file."""
    began = time.monotonic()
    swept = Swept(path.relative_to(folder).as_posix())
    try:
        line = whole(path, options.timeout)
        _compare(path, line, options, swept)
    except Unjudged as error:
        swept.differences.append(Difference(swept.source, "reference", "-", str(error)))
    except Exception as error:
        # One source must not end the sweep of the others.
        swept.differences.append(Difference(swept.source, "sweep", "-", f"failed: {error!r}"))
    swept.spent = time.monotonic() - began
    return swept


def _compare(path: Path, line: Film, options: Options, swept: Swept) -> None:
    swept.kind, swept.shown = line.kind, len(line.frames)
    swept.codec = line.facts.get("codec", "")
    swept.container = line.facts.get("container", "")
    comparison = Comparison(swept.source, line)
    requests = captures(line)
    swept.requests = len(requests)
    with tempfile.TemporaryDirectory() as images:
        run = partial(
            collect,
            path,
            requests,
            timeout=options.timeout,
            through=options.through,
            threads=options.threads,
        )
        answers: Answers = run(Path(images))
        for mode, request in requests.items():
            comparison.answer(mode, request, answers.get(mode))
        for _ in range(options.repeat - 1):
            with tempfile.TemporaryDirectory() as others:
                later = run(Path(others))
            for mode in requests:
                comparison.again(mode, answers.get(mode), later.get(mode))
        comparison.unequal()
        look_at(path, line, comparison, answers, options, swept)
    swept.compared, swept.flagged = comparison.compared, comparison.flagged
    swept.refused = comparison.refused
    swept.differences += comparison.differences


def look_at(
    path: Path,
    line: Film,
    comparison: Comparison,
    answers: Answers,
    options: Options,
    swept: Swept,
) -> None:
    """Compares each full-size image, once, with the command's picture of its frame."""
    first = {judged.pick.frame.ordinal: judged for judged in reversed(comparison.images)}
    if not first:
        return
    shapes = {n: pictures.shape_of(judged.row["image"]) for n, judged in first.items()}
    # What has another size was named as such.
    frames = [
        first[n].pick.frame for n in sorted(first) if shapes[n].size == first[n].pick.frame.size
    ]
    try:
        known = pictures.look(path, line.facts["stream"], swept.codec, options.timeout)
        for alpha in (False, True):
            chosen = [f for f in frames if shapes[f.ordinal].alpha == alpha]
            made = pictures.made(path, line, chosen, options.timeout, alpha=alpha)
            for frame, picture in made:
                image = pictures.load(first[frame.ordinal].row["image"])
                judge(line, frame, image, picture, comparison, swept)
            warned = any("ALPHA" in n for a in answers.values() if a for n in a["warnings"])
            if known.alpha and chosen and not alpha and not warned:
                comparison.found("*", "alpha", "alpha is lost without a warning")
    except Unjudged as error:
        comparison.found("pictures", "-", str(error))


def judge(
    line: Film,
    frame: Shown,
    image: pictures.Levels,
    picture: pictures.Levels,
    comparison: Comparison,
    swept: Swept,
) -> None:
    """Compares one image with the command's picture."""
    kind = pictures.kind_of(line, frame, image)
    off = pictures.distance(image, picture)
    swept.judged += 1
    if swept.worst is None or off.block > swept.worst.block:
        swept.worst = off
    if not off.within(BOUNDS[kind]):
        comparison.found("pictures", frame.ordinal, f"picture ({kind}) {off}")


def table(results: Sequence[Swept], others: Sequence[Difference], used: Sequence[Allowance]) -> str:
    """Returns the page's table."""
    allowed = Counter(allowance.source for allowance in used)
    wrong = Counter(difference.source for difference in others)
    lines = [
        "| file | contents | on screen | requests | frames compared | images (mean, block) | "
        "differences |",
        "|---|---|---|---|---|---|---|",
    ]
    for swept in results:
        if swept.kind == NOTHING:
            contents = f"refused, `{swept.refused}`"
        else:
            contents = f"{swept.codec}{' cover' if swept.kind == COVER else ''}"
        images = str(swept.judged)
        if swept.worst is not None:
            images += f" ({swept.worst.mean:.2f}, {swept.worst.block:.1f})"
        compared = f"{swept.compared}" + (f", {swept.flagged} flagged" if swept.flagged else "")
        cells = (f"`{swept.source}`", contents, swept.shown, swept.requests, compared, images)
        differing = [f"{wrong[swept.source]} not allowed"] if wrong[swept.source] else []
        differing += ["allowed, see below"] if allowed[swept.source] else []
        lines.append(f"| {' | '.join(map(str, cells))} | {', '.join(differing) or 'none'} |")
    return "\n".join(lines)


def page(
    results: Sequence[Swept],
    others: Sequence[Difference],
    used: Sequence[Allowance],
    made: str,
) -> str:
    """Returns what the page says; `made` says how it was made, without the full stop."""
    rows = [f"- `{a.source}`, {a.mode}, {a.frame}: {a.reason}." for a in used]
    allowances = "No difference is allowed." if not rows else "Allowed differences:\n\n"
    kinds = [f"{b.mean}, {b.bias}, {b.block} in {kind} pictures" for kind, b in BOUNDS.items()]
    return PAGE.format(
        files=len(results),
        made=made,
        captures=sum(swept.requests for swept in results),
        frames=sum(swept.compared for swept in results),
        pictures=sum(swept.judged for swept in results),
        bounds="; ".join(kinds),
        table=table(results, others, used),
        allowances=allowances + "\n".join(rows),
        framecap=version("framecap"),
        av=version("av"),
        ffmpeg=version("imageio-ffmpeg"),
    )


def named(differences: Sequence[Difference], most: int) -> Iterator[str]:
    """Yields a line for each difference; of many alike, how many more there are."""
    alike: Counter[tuple[str, str]] = Counter()
    for found in differences:
        group = found.mode, found.found.partition(" ")[0]
        alike[group] += 1
        if alike[group] <= most:
            yield f"  {found.source}: {found.mode}: {found.frame}: {found.found}"
    for (mode, word), count in alike.items():
        if count > most:
            yield f"  {differences[0].source}: {mode}: {word}: {count - most} more"


def main() -> int:
    """Sweeps, prints a line for each file, and fails where there is a difference."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--allowed", type=Path, default=ALLOWED, metavar="FILE")
    parser.add_argument("--write", type=Path, metavar="FILE", help="the page to write into")
    parser.add_argument("--only", default="*", metavar="GLOB", help="names of files")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--timeout", type=float, default=600, metavar="SECONDS")
    parser.add_argument("--repeat", type=int, default=1, help="how often each capture is run")
    parser.add_argument("--through", choices=("process", "command"), default="process")
    parser.add_argument("--threads", type=int, help="of one capture; one per processor by default")
    parser.add_argument("--most", type=int, default=3, help="differences alike that are named")
    chosen = parser.parse_args()
    options = Options(chosen.timeout, chosen.repeat, chosen.through, chosen.threads)
    allowances = read_allowed(chosen.allowed)
    paths = sources(chosen.folder, chosen.only)
    if not paths:
        parser.error(f"{chosen.folder} has no media files")
    results = []
    with ThreadPoolExecutor(chosen.jobs) as pool:
        for swept in pool.map(partial(sweep, folder=chosen.folder, options=options), paths):
            print(swept.line, flush=True)
            results.append(swept)
    found = [difference for swept in results for difference in swept.differences]
    others, stale, used = sort_out(found, allowances, {swept.source for swept in results})
    for swept in results:
        for words in named([d for d in others if d.source == swept.source], chosen.most):
            print(words)
    for allowance in stale:
        print(f"  {allowance.source}: {allowance.mode}: {allowance.frame}: no longer differs")
    kinds = Counter(swept.kind for swept in results)
    print(
        f"{len(results)} files ({kinds[VIDEO]} videos, {kinds[COVER]} covers, {kinds[NOTHING]} "
        f"without a picture), {sum(swept.compared for swept in results)} frames, "
        f"{sum(swept.judged for swept in results)} pictures: {len(others)} differences, "
        f"{len(found) - len(others)} allowed, {len(stale)} allowances without one"
    )
    if chosen.write:
        only = "" if chosen.only == "*" else f" --only '{chosen.only}'"
        made = f"Made by `python tests/bench/sweep.py CORPUS{only} --write docs/exactness.md`"
        made += f", each capture run {chosen.repeat} times" if chosen.repeat > 1 else ""
        deliver_section(page(results, others, used, made), HEADING, chosen.write)
    return 1 if others or stale else 0


if __name__ == "__main__":
    sys.exit(main())
