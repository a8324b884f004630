"""What the page on change detection says is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from framecap.model.spec import ChangeSelection
from framecap.spec import text

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/change-detection.md").read_text()
ADVICE, _, MEASURED = PAGE.partition("\n## Measured\n")
ROWS = re.findall(r"^\| [^|]+ \| `(video/\S+)` \| (\d+) \| ([^|]+) \|$", ADVICE, re.MULTILINE)


def measured(title: str, thr: str) -> list[str]:
    """Returns the cells of a measured row."""
    part = re.search(rf"^### {title}.*?$(.*?)(?=^### |\Z)", MEASURED, re.DOTALL | re.MULTILINE)
    assert part, title
    (row,) = re.findall(rf"^\| {thr} \|(.+)\|$", part[1], re.MULTILINE)
    return [cell.strip() for cell in row.split("|")]


def test_there_is_advice() -> None:
    assert len(ROWS) == 6


@pytest.mark.parametrize(("request_text", "thr", "told"), ROWS)
def test_the_advice_is_what_was_measured(request_text: str, thr: str, told: str) -> None:
    parsed = text.parse(request_text)
    assert not parsed.warnings
    assert isinstance(parsed.spec.selection, ChangeSelection)
    assert parsed.spec.selection.threshold == int(thr)
    step_ms = parsed.spec.selection.spacing // 10**6
    if step_ms == 0:
        precision, recall, *_ = measured("Every frame", thr)
        assert told == f"precision {precision}, recall {recall}"
    else:
        _, covered, each, *_ = measured(f"Samples `inter_{step_ms}`", thr)
        assert told == f"{covered} of shots, {each} images in each"


def test_the_figures_have_the_command_that_made_them() -> None:
    figures = MEASURED.partition("<!-- Written by bench.cuts: -->")[2].partition("<!-- To here.")[0]
    assert "python -m bench.cuts" in figures
    assert re.search(r"scenedetect-headless \d", figures)
