"""Statistics of requests to stores."""

from __future__ import annotations

from enum import Enum
from typing import Protocol


class Operation(Enum):
    """The kind of a request to a store."""

    READ = "read"
    """A range of an object."""

    WRITE = "write"
    """A whole object."""

    WRITE_PART = "write_part"
    """A part of a multipart upload."""

    LOOK_UP = "look_up"
    """The metadata of an object."""

    CONTROL = "control"
    """The start, the end or the list of multipart uploads."""


class RequestStatistics(Protocol):
    """Receives the figures of requests to stores."""

    def request_began(self, operation: Operation) -> None:
        """Notes that a request began; `request_ended` follows for every outcome."""

    def request_ended(self, operation: Operation, outcome: str, seconds: float) -> None:
        """Notes that a request ended.

        Args:
            operation: The kind of the request.
            outcome: `ok`, or the fault's kind.
            seconds: Its duration, the transfer of its bytes included.
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
