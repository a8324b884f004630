"""Words of the project's old private language, and where a text uses them."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

_IDENTIFIER_WORDS: Final = """
    told tells teller asking asked patience rehearse rehearsal ledger tally handoff remake dear
    vain lane lanes reach irregular proof proofs landing landings stopwatch gate notices
    way ways mark marks marked place places placed props doubt stretch stretches whoever
"""
# The field has contact sheets, pages of memory, and parts of uploads, templates and paths: `sheet`,
# `pages` and `part` are no private words there, and are left out.
_PROSE_WORDS: Final = """
    told teller asking patience rehearsal ledger tally handoff remake dear vain landing whoever
"""

IN_IDENTIFIERS: Final = frozenset(_IDENTIFIER_WORDS.split())
"""Words that no identifier and no file name has as one of its words."""

IN_PROSE: Final = frozenset(_PROSE_WORDS.split())
"""Words that no comment, docstring or page has."""

SIMD: Final = frozenset({"lane", "lanes"})
"""A vector register has lanes: allowed below `ext/`."""

EXCEPTIONS: Final[dict[str, str]] = {
    "STRETCH": "the name of a scale type in the reference",
    "SCALE_TYPE_STRETCH": "the same scale type in the protos",
}
"""Whole identifiers that are allowed, each with its reason."""

PYTHON: Final = frozenset({".py", ".pyi"})
CYTHON: Final = frozenset({".pyx", ".pxd"})
C_LIKE: Final = frozenset({".h", ".proto"})

_GENERATED: Final = re.compile(r"_pb2(_grpc)?\.pyi?$")
_NAME: Final = re.compile(r"[A-Za-z_]\w*")
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_CYTHON_PROSE: Final = re.compile(
    r'(?P<prose>"""(?P<doc>.*?)"""|#(?P<comment>[^\n]*))|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'',
    re.DOTALL,
)
_C_PROSE: Final = re.compile(
    r"(?P<prose>/\*(?P<doc>.*?)\*/|//(?P<comment>[^\n]*))"
    r'|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'',
    re.DOTALL,
)


class Text(NamedTuple):
    """An identifier, or a piece of prose, of a file."""

    line: int
    text: str


def words_of(name: str) -> list[str]:
    """Returns the words of an identifier, split at `_`, digits and capitals, in lower case."""
    return [word.lower() for word in _WORD.findall(name)]


def banned_in(name: str, *, simd: bool = False) -> frozenset[str]:
    """Returns the banned words of an identifier or of a file's name.

    Args:
        name: The identifier.
        simd: True where lanes are those of vector registers.
    """
    if name in EXCEPTIONS:
        return frozenset()
    return IN_IDENTIFIERS.intersection(words_of(name)) - (SIMD if simd else frozenset())


def banned_in_prose(text: str) -> frozenset[str]:
    """Returns the banned words of a piece of prose."""
    return IN_PROSE.intersection(re.findall(r"[a-z]+", text.lower()))


def identifiers(source: str, suffix: str) -> Iterator[Text]:
    """Yields the identifiers of a source file; those inside strings and comments are none."""
    if suffix in PYTHON:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.NAME:
                yield Text(token.start[0], token.string)
        return
    bare = _pattern(suffix).sub(_blank, source)
    for number, line in enumerate(bare.splitlines(), 1):
        yield from (Text(number, name) for name in _NAME.findall(line))


def prose(source: str, suffix: str) -> Iterator[Text]:
    """Yields the comments and docstrings of a source file, or the lines of a page."""
    if suffix == ".md":
        yield from (Text(number, line) for number, line in enumerate(source.splitlines(), 1))
    elif suffix in PYTHON:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT:
                yield Text(token.start[0], token.string)
        for node in ast.walk(ast.parse(source)):
            match node:
                case ast.Expr(value=ast.Constant(value=str() as text)):
                    yield Text(node.lineno, text)
    else:
        for match in _pattern(suffix).finditer(source):
            if match["prose"] is not None:
                line = source.count("\n", 0, match.start()) + 1
                yield Text(line, match["prose"])


def sources(root: Path) -> Iterator[Path]:
    """Yields the source files of the package, the kernels and the protos; not generated ones."""
    for folder in ("service", "ext", "proto"):
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in PYTHON | CYTHON | C_LIKE and not _GENERATED.search(path.name):
                yield path


def pages(root: Path) -> Iterator[Path]:
    """Yields the pages that people read."""
    yield from (root / name for name in ("README.md", "CONTRIBUTING.md", "proto/README.md"))
    yield from sorted((root / "docs").glob("*.md"))
    yield from sorted((root / "deploy").rglob("*.md"))


def _pattern(suffix: str) -> re.Pattern[str]:
    return _CYTHON_PROSE if suffix in CYTHON else _C_PROSE


def _blank(match: re.Match[str]) -> str:
    return "\n" * match[0].count("\n") or " "
