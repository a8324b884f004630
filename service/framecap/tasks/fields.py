"""Checks of the fields that only tasks have. Each error names its field."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from framecap.tasks.task import TaskState
from framecap.values import checks
from framecap.values.wording import listed, shown

UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
UUID_ALLOWED: Final = "a UUID, such as 0190163d-8694-739b-aea5-966c26f8ad91"

PROJECT: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,127}")
PROJECT_ALLOWED: Final = "1 to 128 letters, digits, _ and -, first a letter or _"

MAX_LABELS: Final = 64
MAX_LABEL_CHARACTERS: Final = 256
MAX_USER_DATA_CHARACTERS: Final = 2048


def request_id(text: str) -> str:
    """Returns a request id in lower case; empty for none.

    Raises:
        ValueOutOfRange: It is not a UUID.
    """
    lowered = text.lower()
    if text and UUID.fullmatch(lowered) is None:
        raise checks.refused("request_id", shown(text), f"is not {UUID_ALLOWED}", UUID_ALLOWED)
    return lowered


def labels(given: Mapping[str, str]) -> dict[str, str]:
    """Returns a task's labels.

    Raises:
        ValueOutOfRange: There are too many, or one is too long or has no key.
    """
    if len(given) > MAX_LABELS:
        allowed = f"up to {MAX_LABELS} labels"
        why = f"are more than {MAX_LABELS}"
        raise checks.refused("labels", f"{len(given)} labels", why, allowed)
    for key, value in given.items():
        if not key:
            raise checks.refused("labels", "a key", "is empty", "keys of 1 character or more")
        for name, text in (("the key", key), (f"the value of {shown(key)}", value)):
            _check_length("labels", name, text, MAX_LABEL_CHARACTERS)
    return dict(given)


def user_data(text: str) -> str:
    """Returns the caller's text.

    Raises:
        ValueOutOfRange: It is too long.
    """
    _check_length("user_data", "the text", text, MAX_USER_DATA_CHARACTERS)
    return text


def project(name: str) -> str:
    """Returns a project's name; empty for the principal's own.

    Raises:
        ValueOutOfRange: It has other characters than a project's name may have.
    """
    if name and PROJECT.fullmatch(name) is None:
        raise checks.refused("project", shown(name), f"is not {PROJECT_ALLOWED}", PROJECT_ALLOWED)
    return name


def states(given: Iterable[int]) -> frozenset[TaskState]:
    """Returns the states of a list's filter.

    Raises:
        ValueOutOfRange: One is not a state that a task can have.
    """
    chosen = set()
    for number in given:
        # The numbers on the wire are those in data stores.
        if number not in TaskState.__members__.values():
            allowed = listed(state.name for state in TaskState)
            raise checks.refused("states", str(number), f"is none of {allowed}", allowed)
        chosen.add(TaskState(number))
    return frozenset(chosen)


def _check_length(field: str, name: str, text: str, limit: int) -> None:
    if len(text) > limit:
        allowed = f"up to {limit} characters"
        value = f"{name} of {len(text)} characters"
        raise checks.refused(field, value, f"is longer than {limit}", allowed)
