"""Circles of imports between the modules and folders of a folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from support.architecture.layers import PACKAGE, imports, modules

Arrows = Mapping[str, Iterable[str]]


def arrows(root: Path) -> dict[str, set[str]]:
    """Returns the names that each of the package's own modules imports, imports for types included.

    Args:
        root: The source root.
    """
    return {
        module: {name for _, name in imports(path.read_text(), module) if _is_ours(name)}
        for path, module in modules(root)
    }


def circles(found: Arrows) -> list[list[str]]:
    """Returns a circle for each folder whose modules and folders import one another in one.

    An import counts in the folder where the two paths part, from the part of the one to that of
    the other: between `framecap.media.probe` and `framecap.source.opened`, from `media` to
    `source` in `framecap`.
    """
    levels: dict[str, dict[str, set[str]]] = {}
    for module, names in found.items():
        here = module.removesuffix(".__init__").split(".")
        for name in names:
            there = name.split(".")
            shared = 0
            while shared < min(len(here), len(there)) and here[shared] == there[shared]:
                shared += 1
            if shared < min(len(here), len(there)):
                level = levels.setdefault(".".join(here[:shared]), {})
                level.setdefault(here[shared], set()).add(there[shared])
    return [circle for level in sorted(levels) if (circle := _circle(level, levels[level]))]


def _circle(folder: str, level: Arrows) -> list[str]:
    try:
        TopologicalSorter(level).prepare()
    except CycleError as error:
        return [f"{folder}.{part}" for part in error.args[1]]
    return []


def _is_ours(name: str) -> bool:
    return name.partition(".")[0] == PACKAGE
