"""The states of segments, their items and the threads, and the transitions between them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final, TypeVar


class SegmentState(Enum):
    """The state of a segment that has started."""

    IDLE = "idle"
    """It may have more items, and no thread decodes it."""

    STEPPING = "stepping"
    """A thread decodes its next item."""

    ENDED = "ended"
    """It has no more items."""

    FAILED = "failed"
    """It ended by an error, which its last entry holds."""


class EntryState(Enum):
    """The state of an item of a segment."""

    WAITING = "waiting"
    """The work on it has not started."""

    WORKING = "working"
    """A thread works on it."""

    DONE = "done"
    """There is a result or an error."""


class Beginning(Enum):
    """The state of the iterator of segments."""

    IDLE = "idle"
    """It may have more segments, and no thread advances it."""

    ADVANCING = "advancing"
    """A thread advances it."""

    EXHAUSTED = "exhausted"
    """It has no more segments, or failed."""


class CallerRole(Enum):
    """The role of the thread that iterates the results."""

    WORKER = "worker"
    """It works while no result is due."""

    CONSUMER = "consumer"
    """It only yields results; another thread works in its place."""


class PassState(Enum):
    """The state of the workers of one pass."""

    OPEN = "open"
    """Threads take jobs."""

    CLOSED = "closed"
    """Threads end after their current job."""


TRANSITIONS: Final[Mapping[Enum, frozenset[Enum]]] = {
    SegmentState.IDLE: frozenset({SegmentState.STEPPING}),
    SegmentState.STEPPING: frozenset({SegmentState.IDLE, SegmentState.ENDED, SegmentState.FAILED}),
    EntryState.WAITING: frozenset({EntryState.WORKING}),
    EntryState.WORKING: frozenset({EntryState.DONE}),
    Beginning.IDLE: frozenset({Beginning.ADVANCING}),
    Beginning.ADVANCING: frozenset({Beginning.IDLE, Beginning.EXHAUSTED}),
    CallerRole.WORKER: frozenset({CallerRole.CONSUMER}),
    PassState.OPEN: frozenset({PassState.CLOSED}),
}
"""The states that may follow each; none may follow those that are missing."""

StateT = TypeVar("StateT", bound=Enum)


class IllegalTransition(RuntimeError):
    """A state does not follow another; the code is wrong."""


def entered(state: StateT, following: StateT) -> StateT:
    """Returns the state that follows another.

    Raises:
        IllegalTransition: It must not follow.
    """
    if following not in TRANSITIONS.get(state, frozenset()):
        raise IllegalTransition(f"{following} after {state}")
    return following
