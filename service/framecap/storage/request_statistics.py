"""Counting what is asked of stores."""

from __future__ import annotations

from enum import Enum
from typing import Protocol


class Operation(Enum):
    """What a store is asked for."""

    READ = "read"
    """A range of an object."""

    WRITE = "write"
    """An object, whole."""

    WRITE_PART = "write_part"
    """A part of a large object."""

    CONTROL = "control"
    """The begin, the end or the list of uploads in parts."""


class RequestStatistics(Protocol):
    """Takes the figures of requests to stores."""

    def request_began(self, operation: Operation) -> None:
        """Notes that a request began; each ends, whatever its outcome."""

    def request_ended(self, operation: Operation, outcome: str, seconds: float) -> None:
        """Notes that a request ended.

        Args:
            operation: What was asked for.
            outcome: `ok`, or the fault's kind.
            seconds: How long it took, its bytes included.
        """

    def stored(self, count: int) -> None:
        """Notes that a store has taken `count` bytes."""

    def fetched(self, count: int) -> None:
        """Notes that `count` bytes came from a store."""


class NoRequestStatistics:
    """Keeps no figures."""

    def request_began(self, operation: Operation) -> None:
        """Does nothing."""

    def request_ended(self, operation: Operation, outcome: str, seconds: float) -> None:
        """Does nothing."""

    def stored(self, count: int) -> None:
        """Does nothing."""

    def fetched(self, count: int) -> None:
        """Does nothing."""
