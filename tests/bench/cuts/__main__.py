"""How well `m_dhash` finds where shots begin, beside PySceneDetect's HashDetector.

    cd tests && python -m bench.cuts --corpus DIR [--write ../docs/change-detection.md]

Needs the extra `bench`. Every frame is decoded once, by framecap, and both hash it; then a capture
is run, and must take the very frames that were scored.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

from bench.cuts import film as films
from bench.cuts import peer, report

BEGIN, END = "<!-- Written by bench.cuts: -->\n", "<!-- To here. -->\n"
MAIN = "bbb_10min_320x184.ts"
OTHERS = ("skv_bikes.mp4", "mp4parser_tos_raw.h264", "moviepy_bbb_vp8_720p_30s.webm")
PACKAGES = ("framecap", "scenedetect-headless", "opencv-python-headless", "av", "numpy")
COMMAND = 'cd tests && python -m bench.cuts --corpus "$FRAMECAP_CORPUS"'


def main() -> None:
    """Prints the figures, and writes them into the page where one is given."""
    arguments = argparse.ArgumentParser(prog="python -m bench.cuts", description=__doc__)
    arguments.add_argument("--corpus", type=Path, default=os.environ.get("FRAMECAP_CORPUS"))
    arguments.add_argument("--write", type=Path, metavar="PAGE")
    asked = arguments.parse_args()
    if asked.corpus is None:
        arguments.error("--corpus is not given and FRAMECAP_CORPUS is not set")
    measured = measure(asked.corpus)
    print(measured)
    if asked.write:
        before, begin, rest = asked.write.read_text().partition(BEGIN)
        _, end, after = rest.partition(END)
        if not begin or not end:
            arguments.error(f"{asked.write} has no place for the figures")
        asked.write.write_text(f"{before}{begin}{measured}{end}{after}")


def measure(corpus: Path) -> str:
    """Returns the page's figures as Markdown."""
    main = films.read(corpus, MAIN, peer.EVERY, _say)
    compared = {*report.SHOWN, next(iter(main.tuned()))}
    others = [films.read(corpus, name, sorted(compared), _say) for name in OTHERS]
    _say("counting")
    parts = [
        f"```\n{COMMAND}\n```",
        f"{_versions()}.",
        f"### Best thresholds: every frame of {MAIN}, {len(main.truth.cuts)} hard cuts, ±1 frame",
        report.best(main),
        f"### Every frame of {MAIN}, over `thr`",
        report.every_frame(main),
        "### The same thresholds on other films",
        report.elsewhere(main, others),
    ]
    for step in report.STEPS_MS:
        parts += [
            f"### Samples `inter_{step}` of {MAIN}, over `thr`",
            report.access_modes(main, step),
            report.steps(main, step),
        ]
    parts += [
        "### Where no shot begins",
        report.quiet([main, *others], corpus),
        report.flash(main),
    ]
    return "\n\n".join(["", *parts, ""])


def _versions() -> str:
    found = [f"{name} {version(name)}" for name in PACKAGES]
    return ", ".join([*found, f"Python {platform.python_version()}"])


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
