"""The work of captures, and the records of it that are charged for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from framecap.timebase import Nanoseconds

SUCCESS: Final = "OK"
"""The outcome of a capture that succeeded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """The work of a capture, or of the attempts at a task that reported; without its images."""

    decoded_count: int = 0
    """Frames decoded."""

    cpu: Nanoseconds = 0
    """CPU time of the decoders."""

    read_bytes: int = 0
    """Bytes read from the source."""

    written_bytes: int = 0
    """Bytes stored."""

    request_count: int = 0
    """Requests to stores."""

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            decoded_count=self.decoded_count + other.decoded_count,
            cpu=self.cpu + other.cpu,
            read_bytes=self.read_bytes + other.read_bytes,
            written_bytes=self.written_bytes + other.written_bytes,
            request_count=self.request_count + other.request_count,
        )


NO_USAGE: Final = Usage()


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageRecord:
    """What one capture that ended used."""

    record_id: str
    """The task's id; of a direct capture, that of its call."""

    principal: str
    """The principal that is charged."""

    source: str
    """The source's address without a query."""

    mode: str
    """The capture mode's name."""

    outcome: str
    """`OK`, or the reason of the failure."""

    image_count: int
    """Images captured. They are what is charged for."""

    usage: Usage = NO_USAGE
    """The work."""

    end_time: Nanoseconds
    """The end of the capture, in nanoseconds since 1970."""
