"""How the speed benchmark writes its page."""

from __future__ import annotations

import pytest

from bench.speed import report
from bench.speed.claims import Claim, Section, Value
from bench.speed.ratios import Spread, Target
from bench.speed.report import BEGIN, END, PageWrong

NAMES = ("machine", "summary", "sparse", "dense")
EMPTY = "# Head\n\n" + "\n\nwords\n\n".join(f"{BEGIN.format(name)}\n{END}" for name in NAMES)


def section(name: str, ratio: float) -> Section:
    value = Value(what="film", spread=Spread(ratio, ratio, ratio))
    claim = Claim(work=f"{name} work", against="peer", target=Target(2), values=[value])
    return Section(name=name, title=name, claims=[claim], body=f"{name} took {ratio}")


def test_what_was_measured_goes_between_the_marks() -> None:
    page = report.written(EMPTY, [section("sparse", 3), section("dense", 1)], "the command")
    assert page.startswith("# Head\n") and page.count("words") == 3
    assert "the command" in report.between(page, "dense")
    assert "dense took 1" in report.between(page, "dense")
    lines = report.between(page, "summary").splitlines()[2:]
    assert lines == [
        "| [sparse](#sparse) | sparse work | peer | ≥ 2 | 3.00 | 3.00 (film) | met |",
        "| [dense](#dense) | dense work | peer | ≥ 2 | 1.00 | 1.00 (film) | **not met** |",
    ]


def test_the_other_parts_stay() -> None:
    first = report.written(EMPTY, [section("sparse", 3), section("dense", 1)], "first")
    second = report.written(first, [section("dense", 5)], "second")
    assert report.between(second, "sparse") == report.between(first, "sparse")
    assert "second" in report.between(second, "dense")
    shown = report.between(second, "summary")
    assert shown.count("\n") == 3 and "3.00 (film)" in shown and "5.00 (film)" in shown
    assert report.written(second, [section("dense", 5)], "second") == second


def test_a_page_without_a_place_is_refused() -> None:
    with pytest.raises(PageWrong, match="no place for limit"):
        report.written(EMPTY, [section("limit", 1)], "the command")


def test_the_machine_and_its_versions_are_told() -> None:
    told = report.machine()
    assert "cores" in told and "ffmpeg version" in told and "framecap 0" in told
