"""Lanes that have begun, and their items on the way to results."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from framecap.model.media import CERTAIN, Confirmation

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(slots=True, eq=False)
class StartedSegment(Generic[Item, Result]):
    """A lane that has begun."""

    number: int
    """Its place among the lanes."""

    steps: Iterator[Item | None]
    """Gives its items."""

    entries: deque[Entry[Item, Result]] = field(default_factory=deque)
    """Its items in order, from the next to be given on."""

    held: int = 0
    """How many bytes their results hold."""

    stepping: bool = False
    """True while a thread asks for an item."""

    ended: bool = False
    """True once there are no more."""

    failed: bool = False
    """True when it ended by an error, which is the last entry's."""

    @property
    def unconfirmed(self) -> Confirmation | None:
        """What the next result to be given still awaits; None when it is certain."""
        if self.ended or not self.entries or self.entries[0].confirmation.given:
            return None
        return self.entries[0].confirmation

    def take_back(self) -> None:
        """Drops what a lane that failed gave and never proved."""
        while self.entries and self.entries[0].dropped:
            self.held -= self.entries.popleft().size


@dataclass(slots=True, eq=False)
class Entry(Generic[Item, Result]):
    """One item and what became of it."""

    segment: StartedSegment[Item, Result]
    """Where it is from."""

    number: int = 0
    """Its place among all items."""

    size: int = 0
    """How many bytes its result holds."""

    item: Item | None = None
    """What is to be worked on; None once that began."""

    confirmation: Confirmation = CERTAIN
    """Whether the item is certain."""

    result: Result | None = None
    """What the work gave."""

    error: BaseException | None = None
    """What was raised instead."""

    done: bool = False
    """True once there is a result or an error."""

    @property
    def dropped(self) -> bool:
        """True when its lane failed before it was certain."""
        return self.segment.failed and not self.confirmation.given

    def __lt__(self, other: Entry[Item, Result]) -> bool:
        return (self.segment.number, self.number) < (other.segment.number, other.number)
