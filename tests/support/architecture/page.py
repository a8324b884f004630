"""What docs/architecture.md names, and where that is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import FunctionType
from typing import Any, Final, NamedTuple

from support.architecture.recipes import NAME, OUTSIDE, PACKAGE, in_tree

_CODE: Final = re.compile(r"`([^`\n]+)`")
_NAMED: Final = re.compile(r"([\w/]+(?:\.py)?): (\w[\w.]*)")
_PATH: Final = re.compile(r"[\w./]+(?:\.(?:py|pyx|proto|md)|/)")
_QUESTION: Final = re.compile(r"^\d+\. \*\*(.+?)\*\* (.+)$", re.MULTILINE)


class Named(NamedTuple):
    """A name in a module, as the page writes it."""

    path: str
    name: str

    def __str__(self) -> str:
        return f"{self.path}: {self.name}"


def named(text: str) -> list[Named]:
    """Returns every name that a text gives with its module."""
    found = (_NAMED.fullmatch(code) for code in _CODE.findall(text))
    return [Named(*match.groups()) for match in found if match is not None]


def paths(text: str) -> Iterator[str]:
    """Yields every path that a text names, except for those of what a recipe makes."""
    for code in _CODE.findall(text):
        path = code.partition(": ")[0]
        if NAME not in path and _PATH.fullmatch(path):
            yield path


def exists(root: Path, path: str) -> bool:
    """Returns whether there is what a path of the page names.

    A folder may be named within its parent's row alone, as `bitstream/` in that of `media/`.
    """
    if Path(root, path if path.startswith(OUTSIDE) else in_tree(path)).exists():
        return True
    inside = path.endswith("/") and path.count("/") == 1
    return inside and any(Path(root, PACKAGE).rglob(path.rstrip("/")))


def resolve(name: Named) -> Any:
    """Returns what a name is of: of a method or a property, the function behind it.

    Raises:
        ImportError: There is no such module.
        AttributeError: The module has no such name.
    """
    found: Any = import_module("framecap." + module(name.path))
    for part in name.name.split("."):
        holder, found = found, getattr(found, part, None)
        if found is None:
            if part in getattr(holder, "__annotations__", {}):
                return holder
            raise AttributeError(f"{name}: there is no {part}")
    return found.fget if isinstance(found, property) else found


def module(path: str) -> str:
    """Returns the dotted name of the module at a path, below the package."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def functions(text: str) -> list[tuple[Named, FunctionType]]:
    """Returns the functions that an answer names."""
    found = [(name, resolve(name)) for name in named(text)]
    assert found, f"an answer without a function: {text}"
    for name, function in found:
        assert isinstance(function, FunctionType), f"{name} is no function"
    return found


def questions(page: str) -> dict[str, str]:
    """Returns the page's questions, each with its answer."""
    section = page.partition("\n## Ten questions\n")[2].partition("\n## ")[0]
    return dict(_QUESTION.findall(section))
