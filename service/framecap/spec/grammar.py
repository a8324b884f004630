"""The grammar of the text form: actions, their options, and the column of each.

    video/snapshots,k_v,k_v|sys/saveas,k_v/notify,k_v

The meaning of the options is defined in `options` and `text`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from framecap.errors import OptionRepeated, SpecSyntax
from framecap.spec.options import FOLLOW_UPS, SNAPSHOTS, Action
from framecap.values.wording import hint, listed, nearest, safe, shown

FIELD: Final = "text"

MAX_CHARACTERS: Final = 16_384
"""The longest text. The longest canonical text, three long base64 values, is shorter."""

# A base64 value of the standard alphabet may hold "/" itself.
_SEPARATOR: Final = re.compile("/(?=" + "|".join(re.escape(a.name) + "," for a in FOLLOW_UPS) + ")")


@dataclass(frozen=True, slots=True)
class Setting:
    """One `key_value`, its value not parsed yet."""

    name: str
    """The text before the first `_`."""

    value: str | None
    """The text after the first `_`; None when there is no `_`."""

    column: int
    """The column of its first character, from 1."""


@dataclass(frozen=True, slots=True)
class Call:
    """One action as written in a text."""

    action: Action
    """The action."""

    column: int
    """The column of its first character, from 1."""

    settings: tuple[Setting, ...]
    """Its options, in the order of the text."""


def read(text: str) -> tuple[Call, ...]:
    """Returns the actions of `text`, `video/snapshots` first, each at most once.

    Raises:
        SpecSyntax: The text does not match the grammar.
        OptionRepeated: A follow-up action is repeated.
    """
    body = text.strip()
    if not body:
        raise SpecSyntax(
            f"{FIELD}:1: the text is empty; it begins with {SNAPSHOTS.name}",
            field=FIELD,
            column=1,
            metadata={"value": "", "allowed": SNAPSHOTS.name},
        )
    column = text.index(body[0]) + 1
    if len(body) > MAX_CHARACTERS:
        raise SpecSyntax(
            f"{FIELD}:{column}: {len(body)} characters are more than {MAX_CHARACTERS}",
            field=FIELD,
            column=column,
            metadata={"value": str(len(body)), "allowed": f"1..{MAX_CHARACTERS}"},
        )
    first, bar, rest = body.partition("|")
    calls = [_snapshots(first, column)]
    if bar:
        calls += _follow_ups(rest, column + len(first) + 1)
    return tuple(calls)


def _snapshots(part: str, column: int) -> Call:
    name = part.partition(",")[0]
    if name != SNAPSHOTS.name:
        close = nearest(name, (SNAPSHOTS.name,), {})
        raise SpecSyntax(
            f"{FIELD}:{column}: {shown(name)} is not {SNAPSHOTS.name}, which comes first",
            field=FIELD,
            column=column,
            metadata=_metadata(name, SNAPSHOTS.name, close),
        )
    return Call(SNAPSHOTS, column, tuple(_settings(part, column)))


def _follow_ups(rest: str, column: int) -> Iterator[Call]:
    if "|" in rest:
        second = column + rest.index("|")
        raise SpecSyntax(
            f"{FIELD}:{second}: a second |; / separates follow-up actions",
            field=FIELD,
            column=second,
            metadata={"value": "|", "allowed": "/"},
        )
    met: dict[str, int] = {}
    for part in _SEPARATOR.split(rest):
        action = _follow_up(part.partition(",")[0], column)
        if action.name in met:
            raise OptionRepeated(
                f"{FIELD}:{column}: {action.name}: stands twice, first at {met[action.name]}",
                field=FIELD,
                column=column,
                metadata={"option": action.name, "first_column": str(met[action.name])},
            )
        met[action.name] = column
        yield Call(action, column, tuple(_settings(part, column)))
        column += len(part) + 1


def _follow_up(name: str, column: int) -> Action:
    for action in FOLLOW_UPS:
        if action.name == name:
            return action
    names = [action.name for action in FOLLOW_UPS]
    close = nearest(name, names, {})
    what = f"{shown(name)} is no follow-up action" if name else "a follow-up action is missing"
    raise SpecSyntax(
        f"{FIELD}:{column}: {what}; allowed: {listed(names)}{hint(close)}",
        field=FIELD,
        column=column,
        metadata=_metadata(name, listed(names), close),
    )


def _settings(part: str, column: int) -> Iterator[Setting]:
    """Yields the options of an action that begins at `column`."""
    name, *items = part.split(",")
    column += len(name) + 1
    for item in items:
        if not item:
            raise SpecSyntax(
                f"{FIELD}:{column}: an option is missing after the comma",
                field=FIELD,
                column=column,
                metadata={"value": ""},
            )
        key, bar, value = item.partition("_")
        if not key:
            raise SpecSyntax(
                f"{FIELD}:{column}: {shown(item)} has no option's name before its _",
                field=FIELD,
                column=column,
                metadata={"value": safe(item)},
            )
        yield Setting(key, value if bar else None, column)
        column += len(item) + 1


def _metadata(value: str, allowed: str, close: str | None) -> dict[str, str]:
    metadata = {"value": safe(value), "allowed": allowed}
    return metadata | {"nearest": close} if close else metadata
