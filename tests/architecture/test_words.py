"""The code and its docs use the field's words, none of the project's old private ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.architecture.words import (
    EXCEPTIONS,
    IN_IDENTIFIERS,
    IN_PROSE,
    banned_in,
    banned_in_prose,
    identifiers,
    pages,
    prose,
    sources,
)

ROOT = Path(__file__).parents[2]


def in_names(path: Path) -> Iterator[str]:
    """Yields a sentence per banned word in the identifiers and the name of a source file."""
    name = path.relative_to(ROOT)
    simd = name.parts[0] == "ext"
    for part in name.parts:
        for word in banned_in(part, simd=simd):
            yield f"{name}: the name has the word {word}"
    for line, identifier in identifiers(path.read_text(), path.suffix):
        for word in banned_in(identifier, simd=simd):
            yield f"{name}:{line}: {identifier} has the word {word}"


def in_prose(path: Path) -> Iterator[str]:
    """Yields a sentence per banned word in the prose of a file."""
    name = path.relative_to(ROOT)
    for line, text in prose(path.read_text(), path.suffix):
        for word in banned_in_prose(text):
            yield f"{name}:{line}: the prose has the word {word}"


def test_no_identifier_and_no_file_name_has_a_banned_word() -> None:
    found = [sentence for path in sources(ROOT) for sentence in in_names(path)]
    assert not found, "\n".join(found)


def test_no_comment_docstring_or_page_has_a_banned_word() -> None:
    files = [*sources(ROOT), *pages(ROOT)]
    found = [sentence for path in files for sentence in in_prose(path)]
    assert not found, "\n".join(found)


def test_the_files_are_found() -> None:
    names = {str(path.relative_to(ROOT)) for path in (*sources(ROOT), *pages(ROOT))}
    assert names >= {
        "service/framecap/capture.py",
        "service/framecap/_kernels/resample.pyi",
        "ext/framecap/_kernels/resample.pyx",
        "ext/framecap/_kernels/resample.h",
        "proto/framecap/v1/event.proto",
        "README.md",
        "CONTRIBUTING.md",
        "proto/README.md",
        "docs/architecture.md",
        *(str(path.relative_to(ROOT)) for path in ROOT.glob("deploy/**/*.md")),
    }


def test_exceptions_are_few_and_have_reasons() -> None:
    assert len(EXCEPTIONS) <= 20
    assert all(EXCEPTIONS.values())


def test_exceptions_are_used() -> None:
    used = {
        identifier
        for path in sources(ROOT)
        for _, identifier in identifiers(path.read_text(), path.suffix)
    }
    assert EXCEPTIONS.keys() <= used


@pytest.mark.parametrize("word", sorted(IN_IDENTIFIERS))
def test_a_planted_identifier_is_found(word: str) -> None:
    for name in (word, f"_{word}", f"the_{word}_2", f"New{word.title()}", f"{word.upper()}_BYTES"):
        for suffix in (".py", ".pyx", ".h", ".proto"):
            planted = {text for _, text in identifiers(f"x {name} y\n", suffix)}
            assert any(banned_in(text) == {word} for text in planted), (name, suffix)
    assert banned_in(f"{word}.py") == {word}


@pytest.mark.parametrize("word", sorted(IN_PROSE))
@pytest.mark.parametrize(
    ("suffix", "source"),
    [
        (".py", "x = 1  # Is {} here.\n"),
        (".py", '"""Is {} here."""\n'),
        (".py", 'class A:\n    x: int\n    """Is\n    {} here."""\n'),
        (".pyx", "cdef int x  # Is {} here.\n"),
        (".pyx", 'def f():\n    """Is\n    {} here."""\n'),
        (".h", "int x; // Is {} here.\n"),
        (".h", "/* Is\n * {} here. */\n"),
        (".proto", "// Is {} here.\nmessage A {{}}\n"),
        (".md", "# Title\n\nIs {} here.\n"),
    ],
)
def test_planted_prose_is_found(word: str, suffix: str, source: str) -> None:
    for planted in (word, word.title()):
        found = [banned_in_prose(text) for _, text in prose(source.format(planted), suffix)]
        assert {word} in found


@pytest.mark.parametrize("suffix", [".py", ".pyx", ".h", ".proto"])
def test_strings_are_neither(suffix: str) -> None:
    source = 'x = f("told # told // told")\n'
    assert not any(banned_in(text) for _, text in identifiers(source, suffix))
    assert not any(banned_in_prose(text) for _, text in prose(source, suffix))


@pytest.mark.parametrize(
    "name", ["reached", "aggregate", "navigate", "planes", "proofread", "gateway", "placeholder"]
)
def test_other_words_are_not_banned(name: str) -> None:
    assert not banned_in(name)


def test_lanes_of_vector_registers_are_allowed() -> None:
    assert banned_in("LANES") == {"lanes"}
    assert not banned_in("LANES", simd=True)
