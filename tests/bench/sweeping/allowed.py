"""Differences that are known, each with the reason why it may be there."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.sweeping.compare import Difference

FIELDS: Final = ("source", "mode", "frame", "reason")
ANY: Final = "*"


class AllowedInvalid(Exception):
    """The file of allowed differences cannot be used; the argument says why."""


@dataclass(frozen=True)
class Allowance:
    """A difference that may be there."""

    source: str
    """The file's path below the folder."""

    mode: str
    """The capture's name; `*` for any."""

    frame: str
    """The frame's place, or the fact's name; `*` for any."""

    reason: str

    def covers(self, difference: Difference) -> bool:
        """Returns whether it allows a difference."""
        return (
            self.source == difference.source
            and self.mode in (ANY, difference.mode)
            and self.frame in (ANY, difference.frame)
        )


def read_allowed(path: Path) -> list[Allowance]:
    """Returns the allowed differences of a file.

    Raises:
        AllowedInvalid: An entry lacks something, says more, or gives no reason.
    """
    entries = tomllib.loads(path.read_text()).get("allowed", [])
    allowances = []
    for number, entry in enumerate(entries, 1):
        texts = {name: str(value).strip() for name, value in entry.items()}
        if sorted(texts) != sorted(FIELDS) or not all(texts.values()):
            raise AllowedInvalid(f"{path.name}: entry {number} is not {', '.join(FIELDS)}")
        allowances.append(Allowance(**texts))
    return allowances


def sort_out(
    differences: Iterable[Difference], allowances: Sequence[Allowance], swept: Set[str]
) -> tuple[list[Difference], list[Allowance], list[Allowance]]:
    """Returns differences that are not allowed, allowances that are not needed, and those that are.

    Args:
        differences: All that were found.
        allowances: What is allowed.
        swept: The sources looked at; allowances for others are neither.
    """
    others = []
    needed: set[Allowance] = set()
    for difference in differences:
        covering = [a for a in allowances if a.covers(difference)]
        needed.update(covering)
        if not covering:
            others.append(difference)
    mine = [a for a in allowances if a.source in swept]
    return others, [a for a in mine if a not in needed], [a for a in mine if a in needed]
