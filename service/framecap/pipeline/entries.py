"""Segments whose decoding has started, and their items until they are results."""

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
    """A segment (a span of the stream decoded by one worker at a time) that has started."""

    number: int
    """Its position among the segments."""

    steps: Iterator[Item | None]
    """Yields its items; None for a step without one."""

    entries: deque[Entry[Item, Result]] = field(default_factory=deque)
    """Its items in order, from the next one to yield."""

    held: int = 0
    """The size of their results in bytes."""

    stepping: bool = False
    """True while a thread decodes its next item."""

    ended: bool = False
    """True once it has no more items."""

    failed: bool = False
    """True when it ended by an error, which the last entry holds."""

    @property
    def unconfirmed(self) -> Confirmation | None:
        """The confirmation that the next result still awaits; None when it is confirmed."""
        if self.ended or not self.entries or self.entries[0].confirmation.given:
            return None
        return self.entries[0].confirmation

    def drop_unconfirmed(self) -> None:
        """Drops the unconfirmed entries of a segment that failed."""
        while self.entries and self.entries[0].dropped:
            self.held -= self.entries.popleft().size


@dataclass(slots=True, eq=False)
class Entry(Generic[Item, Result]):
    """One item of a segment, with its result or error."""

    segment: StartedSegment[Item, Result]
    """The segment that yielded it."""

    number: int = 0
    """Its position among all items."""

    size: int = 0
    """The size of its result in bytes."""

    item: Item | None = None
    """The item to work on; None once that work has started."""

    confirmation: Confirmation = CERTAIN
    """Whether the item is confirmed."""

    result: Result | None = None
    """The result of the work."""

    error: BaseException | None = None
    """The exception raised instead of a result."""

    done: bool = False
    """True once there is a result or an error."""

    @property
    def dropped(self) -> bool:
        """True when its segment failed before the item was confirmed."""
        return self.segment.failed and not self.confirmation.given

    def __lt__(self, other: Entry[Item, Result]) -> bool:
        return (self.segment.number, self.number) < (other.segment.number, other.number)
