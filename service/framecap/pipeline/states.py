"""The states of segments, their items and the threads, and the transitions between them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final, TypeVar


class _State(Enum):
    """A state; hashed by identity, which is faster than by name."""

    __hash__ = object.__hash__


class SegmentState(_State):
    """The state of a segment that has started."""

    IDLE = "idle"
    """It may have more items, and no thread decodes it."""

    STEPPING = "stepping"
    """A thread decodes its next item."""

    ENDED = "ended"
    """It has no more items."""

    FAILED = "failed"
    """It ended by an error, which its last entry holds."""


class EntryState(_State):
    """The state of an item of a segment."""

    WAITING = "waiting"
    """The work on it has not started."""

    WORKING = "working"
    """A thread works on it."""

    DONE = "done"
    """There is a result or an error."""


class Beginning(_State):
    """The state of the iterator of segments."""

    IDLE = "idle"
    """It may have more segments, and no thread advances it."""

    ADVANCING = "advancing"
    """A thread advances it."""

    EXHAUSTED = "exhausted"
    """It has no more segments, or failed."""


class CallerRole(_State):
    """The role of the thread that iterates the results."""

    WORKER = "worker"
    """It works while no result is due."""

    CONSUMER = "consumer"
    """It only yields results; another thread works in its place."""


class PassState(_State):
    """The state of the workers of one pass."""

    OPEN = "open"
    """Threads take jobs."""

    CLOSED = "closed"
    """Threads end after their current job."""


TRANSITIONS: Final[Mapping[Enum, frozenset[Enum]]] = {
    SegmentState.IDLE: frozenset({SegmentState.STEPPING}),
    SegmentState.STEPPING: frozenset({SegmentState.IDLE, SegmentState.ENDED, SegmentState.FAILED}),
    SegmentState.ENDED: frozenset(),
    SegmentState.FAILED: frozenset(),
    EntryState.WAITING: frozenset({EntryState.WORKING}),
    EntryState.WORKING: frozenset({EntryState.DONE}),
    EntryState.DONE: frozenset(),
    Beginning.IDLE: frozenset({Beginning.ADVANCING}),
    Beginning.ADVANCING: frozenset({Beginning.IDLE, Beginning.EXHAUSTED}),
    Beginning.EXHAUSTED: frozenset(),
    CallerRole.WORKER: frozenset({CallerRole.CONSUMER}),
    CallerRole.CONSUMER: frozenset(),
    PassState.OPEN: frozenset({PassState.CLOSED}),
    PassState.CLOSED: frozenset(),
}
"""The states that may follow each."""

StateT = TypeVar("StateT", bound=Enum)


class IllegalTransition(RuntimeError):
    """A state does not follow another; the code is wrong."""


def entered(state: StateT, following: StateT) -> StateT:
    """Returns the state that follows another.

    Raises:
        IllegalTransition: It must not follow.
    """
    if following not in TRANSITIONS[state]:
        raise IllegalTransition(f"{following} after {state}")
    return following
