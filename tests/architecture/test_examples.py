"""Examples of requests that people copy: none squeezes the picture by a lone side of a box."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLACES = ("README.md", "docs", "deploy", "proto", "service/framecap")
SUFFIXES = {".md", ".py", ".proto", ".yaml", ".html", ".sh", ".toml", ".json", ".js"}

REQUEST = re.compile(r"video/snapshots((?:,[a-z]+_[0-9A-Za-z]+)+)")
GENERATED = re.compile(r"_pb2(_grpc)?\.pyi?$")


def examples() -> list[tuple[str, str]]:
    """Returns the requests there are, each with its file."""
    found = []
    for place in PLACES:
        path = ROOT / place
        for file in [path] if path.is_file() else sorted(path.rglob("*")):
            if file.suffix in SUFFIXES and not GENERATED.search(file.name):
                text = file.read_text(errors="replace")
                found += [(str(file.relative_to(ROOT)), r) for r in REQUEST.findall(text)]
    return found


def is_lone(options: str) -> bool:
    """Returns whether only one side of the box is given, and the picture stretched to it."""
    keys = {option.partition("_")[0] for option in options.split(",")}
    return len(keys & {"w", "h", "pw", "ph"}) == 1 and "scaletype" not in keys


def test_there_are_examples() -> None:
    assert len({file for file, _ in examples()}) >= 3


@pytest.mark.parametrize("options", [",f_jpg,w_320", ",inter_5,h_90,f_png", ",pw_50"])
def test_a_lone_side_is_found(options: str) -> None:
    assert is_lone(options)
    assert not is_lone(f"{options},scaletype_fit")


def test_none_squeezes_the_picture() -> None:
    assert [(file, options) for file, options in examples() if is_lone(options)] == []
