"""The page: what was measured goes between its marks, and what a person wrote stays."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from bench.speed import tables
from bench.speed.claims import HEAD, Section
from bench.speed.peers import ffmpeg

BEGIN: Final = "<!-- Written by bench.speed: {} -->"
END: Final = "<!-- To here. -->"
SUMMARY, MACHINE = "summary", "machine"
PACKAGES: Final = (
    "framecap",
    "av",
    "grpcio",
    "simplejpeg",
    "torchcodec",
    "torch",
    "decord",
    "opencv-python-headless",
    "scenedetect-headless",
    "pillow",
)


class PageWrong(Exception):
    """The page has no place for what was measured."""


def written(page: str, sections: Sequence[Section], command: str) -> str:
    """Returns the page with some sections, and their lines of the summary, replaced.

    Raises:
        PageWrong: The page has no marks for one of them.
    """
    page = replaced(page, MACHINE, machine())
    page = replaced(page, SUMMARY, summary(between(page, SUMMARY), sections))
    for section in sections:
        page = replaced(page, section.name, f"```\n{command}\n```\n\n{section.body}")
    return page


def summary(before: str, sections: Sequence[Section]) -> str:
    """Returns the table of all claims; lines of parts that were not measured stay."""
    measured = {section.name for section in sections}
    kept = [line for line in before.splitlines()[2:] if _part(line) not in measured]
    lines: dict[str, list[str]] = {_part(line): [] for line in kept}
    for line in kept:
        lines[_part(line)].append(line)
    for section in sections:
        rows = [[f"[{section.name}](#{section.name})", *claim.cells()] for claim in section.claims]
        lines[section.name] = [f"| {' | '.join(row)} |" for row in rows]
    head = tables.table(["", *HEAD], [])
    order = sorted(lines, key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER))
    return "\n".join([head, *(line for name in order for line in lines[name])])


ORDER: Final = ("sparse", "keyframes", "dense", "changes", "limit", "memory", "cost")


def between(page: str, name: str) -> str:
    """Returns what stands between a pair of marks."""
    return _marked(page, name)[1].strip("\n")


def replaced(page: str, name: str, text: str) -> str:
    """Returns the page with other text between a pair of marks."""
    before, _, after = _marked(page, name)
    return f"{before}\n\n{text}\n\n{after}"


def machine() -> str:
    """Returns what it was measured with."""
    cores = len(os.sched_getaffinity(0))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    programs = [ffmpeg.version(ffmpeg.newest())]
    if installed := ffmpeg.debian():
        programs.append(f"Debian's {ffmpeg.version(installed)}")
    found = [f"{name} {_version(name)}" for name in PACKAGES]
    return (
        f"{cores} cores of {_processor()}, {memory:.0f} GB, Linux {platform.release()}, "
        f"Python {platform.python_version()}; {', '.join([*programs, *found])}."
    )


def printed(sections: Sequence[Section]) -> str:
    """Returns the sections for a terminal."""
    parts = [summary("", sections)]
    for section in sections:
        parts += [f"## {section.title}", section.body]
    return "\n\n".join(parts)


def _marked(page: str, name: str) -> tuple[str, str, str]:
    begin = BEGIN.format(name)
    before, found, rest = page.partition(begin)
    text, ended, after = rest.partition(END)
    if not found or not ended:
        raise PageWrong(f"the page has no place for {name}")
    return before + begin, text, END + after


def _part(line: str) -> str:
    found = re.match(r"\| \[(\w+)\]", line)
    return found[1] if found else ""


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"
