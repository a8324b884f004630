"""Functions stay short and flat."""

from __future__ import annotations

from textwrap import indent

import pytest

from support.architecture import functions as module
from support.architecture.functions import SERVICE, Function, figures, functions, functions_below

MEDIAN = 6
PERCENTILE_90 = 19
LONGEST = 60
DEEPEST = 5


def faults(found: list[Function]) -> list[str]:
    """Returns what is wrong with the lengths and depths of functions, one sentence each."""
    seen = figures(found)
    wrong = [f"{each.name} has {each.length} lines" for each in found if each.length > LONGEST]
    wrong += [f"{each.name} has {each.depth} levels" for each in found if each.depth > DEEPEST]
    if seen.median > MEDIAN:
        wrong.append(f"the median is {seen.median} lines")
    if seen.percentile_90 > PERCENTILE_90:
        wrong.append(f"the 90th percentile is {seen.percentile_90} lines")
    return wrong


def nested(depth: int) -> str:
    """Returns a function whose innermost statement is within `depth` blocks."""
    body = "pass\n"
    for level in range(depth):
        body = ("if a:\n", "with a:\n", "for b in a:\n")[level % 3] + indent(body, "    ")
    return "def planted(a):\n" + indent(body, "    ")


def long(lines: int) -> str:
    """Returns a function of `lines` lines."""
    return "def planted():\n" + "    pass\n" * lines


def of(source: str) -> list[Function]:
    return list(functions(source, "framecap.planted"))


def test_functions_are_short_and_flat() -> None:
    found = functions_below(SERVICE)
    assert "framecap.capture.capture" in {function.name for function in found}
    assert faults(found) == []


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        (long(LONGEST + 1), "framecap.planted.planted has 61 lines"),
        (nested(DEEPEST + 1), "framecap.planted.planted has 6 levels"),
    ],
)
def test_a_planted_function_is_found(source: str, fault: str) -> None:
    assert faults([*functions_below(SERVICE), *of(source)]) == [fault]


def test_many_long_functions_are_found() -> None:
    planted = of(long(PERCENTILE_90 + 1)) * 9 + of(long(1)) * 8
    assert faults(planted) == ["the median is 20 lines", "the 90th percentile is 20.0 lines"]


@pytest.mark.parametrize("source", [long(LONGEST), nested(DEEPEST)])
def test_the_limits_themselves_are_allowed(source: str) -> None:
    assert faults([*functions_below(SERVICE), *of(source)]) == []


def test_a_docstring_and_an_inner_function_count_as_lines() -> None:
    (outer, inner) = of(
        'def a():\n    """Does."""\n\n    def b():\n        if c:\n            d()\n'
    )
    assert (outer.length, outer.depth) == (5, 0)
    assert (inner.length, inner.depth) == (2, 1)


def test_each_kind_of_block_is_a_level() -> None:
    blocks = (
        "if x:\n y",
        "while x:\n y",
        "for z in x:\n y",
        "with x:\n y",
        "try:\n y\nfinally:\n z",
        "try:\n y\nexcept* E:\n z",
        "match x:\n case 1:\n  y",
    )
    for block in blocks:
        assert [each.depth for each in of("def a():\n" + indent(block, "  "))] == [1]
    flat = "def a():\n if x:\n  y\n elif z:\n  y\n elif w:\n  y\n else:\n  z"
    assert [each.depth for each in of(flat)] == [1]
    below_else = "def a():\n if x:\n  y\n else:\n  if z:\n   y"
    assert [each.depth for each in of(below_else)] == [2]
    asynchronous = "async def a():\n async with x:\n  async for y in z:\n   w"
    assert [each.depth for each in of(asynchronous)] == [2]


def test_the_command_prints_the_figures(capsys: pytest.CaptureFixture[str]) -> None:
    module.main()
    printed = capsys.readouterr().out
    assert "median" in printed and "90th percentile" in printed
    assert "longest:" in printed and "deepest:" in printed
