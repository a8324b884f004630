"""Segments whose decoding has started, and their items until they are results."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Generic, Self, TypeVar

from framecap.model.media import CERTAIN, Confirmation
from framecap.pipeline.states import EntryState, SegmentState, entered

Item = TypeVar("Item")
Result = TypeVar("Result")

# Python 3.11 finds a member slowly through its enumeration, and these are compared several times a
# frame.
_IDLE: Final = SegmentState.IDLE
_ENDED: Final = SegmentState.ENDED
_FAILED: Final = SegmentState.FAILED
_WAITING: Final = EntryState.WAITING
_WORKING: Final = EntryState.WORKING
_DONE: Final = EntryState.DONE


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

    state: SegmentState = _IDLE
    """Its state; changed by `enter` only."""

    def enter(self, following: SegmentState) -> None:
        """Changes the state.

        Raises:
            IllegalTransition: The state must not follow the present one.
        """
        self.state = entered(self.state, following)

    @property
    def over(self) -> bool:
        """True once it has no more items."""
        return self.state is _ENDED or self.state is _FAILED

    @property
    def unconfirmed(self) -> Confirmation | None:
        """The confirmation that the next result still awaits; None when it is confirmed."""
        if self.over or not self.entries or self.entries[0].confirmation.given:
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

    state: EntryState = _WAITING
    """Its state; changed by `start` and `finish` only."""

    @classmethod
    def failed(cls, segment: StartedSegment[Item, Result], error: BaseException) -> Self:
        """Returns an entry that has an error from the start."""
        return cls(segment, error=error, state=EntryState.DONE)

    def start(self) -> None:
        """Records that the work on the item starts.

        Raises:
            IllegalTransition: It has started before.
        """
        self.state = entered(self.state, _WORKING)

    def take(self) -> Item:
        """Returns the item, once: the entry no longer holds it."""
        item, self.item = self.item, None
        assert item is not None, "an entry is worked on once"
        return item

    def finish(self, size: int) -> None:
        """Records that there is a result or an error.

        Args:
            size: The size of the result in bytes.

        Raises:
            IllegalTransition: The work has not started, or is done.
        """
        self.state = entered(self.state, _DONE)
        self.size = size
        self.segment.held += size

    def value(self) -> Result | None:
        """Returns the result.

        Raises:
            BaseException: The error that there is instead.
        """
        if self.error is not None:
            raise self.error
        return self.result

    @property
    def done(self) -> bool:
        """True once there is a result or an error."""
        return self.state is _DONE

    @property
    def dropped(self) -> bool:
        """True when its segment failed before the item was confirmed."""
        return self.segment.state is _FAILED and not self.confirmation.given

    def __lt__(self, other: Entry[Item, Result]) -> bool:
        return (self.segment.number, self.number) < (other.segment.number, other.number)
