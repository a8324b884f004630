"""The length and the depth of functions.

Prints the figures of all functions of the package:

    cd tests && python -m support.architecture.functions

The length of a function is the number of lines from the first line of its body, the docstring
included, to the last. Its depth is the number of blocks around its innermost statement: each `if`,
`for`, `while`, `with`, `try` and `match` is one, the body itself is level 0, and an `elif` is at
the level of its `if`. Functions within a function lengthen it, but their depth is their own.
Generated modules do not count.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Final, TypeAlias

from support.architecture.layers import modules

SERVICE: Final = Path(__file__).parents[3] / "service"

_Definition: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef

_BLOCKS: Final = (
    ast.If,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.With,
    ast.AsyncWith,
    ast.Try,
    ast.TryStar,
    ast.Match,
)
_APART: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function of a module."""

    name: str
    """Its module and its own name."""

    length: int
    """The lines of its body."""

    depth: int
    """The blocks around its innermost statement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The figures of many functions."""

    count: int
    median: float
    percentile_90: float
    longest: Sequence[Function]
    deepest: Sequence[Function]


def functions(source: str, module: str) -> Iterator[Function]:
    """Yields the functions of a source, those within classes and functions included."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, _Definition):
            end = node.body[-1].end_lineno or 0
            length = end - node.body[0].lineno + 1
            yield Function(name=f"{module}.{node.name}", length=length, depth=_depth(node))


def functions_below(root: Path) -> list[Function]:
    """Returns the functions of the package's own modules below a source root."""
    return [
        function
        for path, module in modules(root)
        for function in functions(path.read_text(), module)
    ]


def figures(found: Sequence[Function], *, most: int = 5) -> Figures:
    """Returns the figures of functions, with the `most` longest and deepest of them."""
    lengths = [function.length for function in found]
    return Figures(
        count=len(found),
        median=median(lengths),
        percentile_90=quantiles(lengths, n=10, method="inclusive")[-1],
        longest=sorted(found, key=lambda function: -function.length)[:most],
        deepest=sorted(found, key=lambda function: -function.depth)[:most],
    )


def _depth(node: ast.AST, level: int = 0) -> int:
    """Returns the greatest level of a block in a node that is at `level`."""
    deepest = level
    for child in ast.iter_child_nodes(node):
        if isinstance(child, _APART):
            continue
        inner = isinstance(child, _BLOCKS) and not _is_elif(node, child)
        deepest = max(deepest, _depth(child, level + inner))
    return deepest


def _is_elif(parent: ast.AST, child: ast.AST) -> bool:
    """Returns whether a block is the `elif` of its parent, not an `if` within its `else`."""
    return (
        isinstance(parent, ast.If)
        and isinstance(child, ast.If)
        and parent.orelse == [child]
        and child.col_offset == parent.col_offset
    )


def main() -> None:
    """Prints the figures of the package."""
    found = figures(functions_below(SERVICE))
    print(f"{found.count} functions")
    print(f"median {found.median:g} lines, 90th percentile {found.percentile_90:g} lines")
    print("longest:")
    for function in found.longest:
        print(f"  {function.length:3} lines   {function.name}")
    print("deepest:")
    for function in found.deepest:
        print(f"  {function.depth:3} levels  {function.name}")


if __name__ == "__main__":
    main()
