"""The configuration file of topics. It contains no secrets, but names the file of each."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from framecap.model.names import unprintable_fault
from framecap.tasks.notify.topic import Topic, TopicsInvalid
from framecap.tasks.notify.topic_kinds import TOPIC_KINDS
from framecap.tasks.notify.topic_table import TopicTable

MAX_TOPIC_BYTES: Final = 2048
"""The longest name that a request can have."""

WORDS: Final = {
    str: 'a text in quotes (example: "done.jsonl")',
    bool: "true or false",
}
KEYS: Final = {key: expected for kind in TOPIC_KINDS for key, expected in kind.keys.items()}


def read_topics(path: Path) -> dict[str, Topic]:
    """Returns the topics that a file configures, by name.

    Args:
        path: The file.

    Raises:
        TopicsInvalid: The file cannot be read, or its content is invalid.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise TopicsInvalid(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise TopicsInvalid(f"{path}: is not UTF-8") from error
    try:
        return parse_topics(text)
    except TopicsInvalid as error:
        raise TopicsInvalid(f"{path}: {error}") from error


def parse_topics(text: str) -> dict[str, Topic]:
    """Returns the topics that the text of a file configures, by name.

    Raises:
        TopicsInvalid: The content is invalid, or names no topic.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TopicsInvalid(f"is no TOML: {error}") from error
    for name in tables:
        if name != "topics":
            raise TopicsInvalid(f"{name}: is not read; allowed: topics")
    topics = tables.get("topics", {})
    if not isinstance(topics, dict):
        raise TopicsInvalid("topics: is no table (example: [topics.done])")
    if not topics:
        raise TopicsInvalid("topics: there is none (example: [topics.done])")
    return {name: _topic(name, table) for name, table in topics.items()}


def _topic(name: str, values: object) -> Topic:
    table = TopicTable(name, values if isinstance(values, dict) else {})
    if not name or len(name.encode()) > MAX_TOPIC_BYTES:
        raise table.invalid("", f"is no name of a topic: 1 to {MAX_TOPIC_BYTES} bytes of text")
    if fault := unprintable_fault(name):
        raise TopicsInvalid(f"topics.{name!r}: {fault}")
    if not isinstance(values, dict):
        raise table.invalid("", f"is no table (example: [topics.{name}])")
    for key, value in values.items():
        _check(table, key, value, KEYS)
    kinds = [kind for kind in TOPIC_KINDS if kind.name in values]
    if not kinds:
        examples = ", or ".join(kind.example for kind in TOPIC_KINDS)
        raise table.invalid("", f"names no destination (example: {examples})")
    kind, *others = kinds
    if others:
        raise table.invalid(others[0].name, f"and {kind.name} are two destinations; leave one out")
    for key in sorted(set(values) - set(kind.keys)):
        raise table.invalid(key, f"has no meaning beside {kind.name}")
    return kind.read(table)


def _check(table: TopicTable, key: str, value: object, allowed: Mapping[str, type[Any]]) -> None:
    expected = allowed.get(key)
    if expected is None:
        near = difflib.get_close_matches(key, allowed, n=1)
        hint = f"; did you mean {near[0]}?" if near else f"; allowed: {', '.join(allowed)}"
        raise table.invalid(key, f"is not read{hint}")
    if type(value) is not expected:
        raise table.invalid(key, f"is not {WORDS[expected]}")
    if isinstance(value, str) and "\0" in value:
        raise table.invalid(key, "has a zero byte")
