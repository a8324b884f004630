"""The C headers have functions, not macros of many lines: a debugger steps through functions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MOST_CONTINUATIONS = 3

DEFINE = re.compile(r"\s*#\s*define\s+(\w+)")


def long_macros(source: str) -> Iterator[str]:
    """Yields the line, the name and the size of each macro with too many continuation lines."""
    lines = source.splitlines()
    for number, line in enumerate(lines):
        if define := DEFINE.match(line):
            last = number
            while last < len(lines) and lines[last].rstrip().endswith("\\"):
                last += 1
            if last - number > MOST_CONTINUATIONS:
                yield f"{number + 1}: {define[1]} has {last - number} continuation lines"


def test_no_macro_of_a_header_is_long() -> None:
    headers = [*Path(ROOT, "ext").rglob("*.h"), *Path(ROOT, "tests/support").rglob("*.[ch]")]
    assert {path.name for path in headers} >= {"by_sample.h", "resample_body.h", "driver.c"}
    found = [
        f"{path.relative_to(ROOT)}:{macro}"
        for path in sorted(headers)
        for macro in long_macros(path.read_text())
    ]
    assert not found, "\n".join(found)


def planted(continuations: int, define: str = "#define ADD(a, b)") -> str:
    return "int x;\n" + " \\\n".join([define, *continuations * ["    a += b;"]]) + "\nint y;\n"


@pytest.mark.parametrize("define", ["#define ADD(a, b)", "  #  define ADD", "#define ADD a"])
def test_a_planted_long_macro_is_found(define: str) -> None:
    for continuations in (4, 40):
        found = list(long_macros(planted(continuations, define)))
        assert found == [f"2: ADD has {continuations} continuation lines"]


def test_a_long_macro_that_ends_the_file_is_found() -> None:
    assert len(list(long_macros("#define A \\\n" + 3 * "b \\ \n" + "c"))) == 1


def test_short_macros_are_not() -> None:
    assert not list(long_macros("".join(map(planted, range(MOST_CONTINUATIONS + 1)))))


def test_other_continued_lines_are_not() -> None:
    assert not list(long_macros(planted(9, "#if A ||")))
