"""Times of the wall clock, from and to protobuf."""

from __future__ import annotations

from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp

from framecap.timebase import NANOSECONDS_PER_SECOND, Nanoseconds
from framecap.values import checks

MAX_SECONDS: Final = 2**63 // NANOSECONDS_PER_SECOND - 1
"""The last second whose nanoseconds a data store can hold: in the year 2262."""


def instant(field: str, given: Timestamp) -> Nanoseconds:
    """Returns a time in nanoseconds since 1970.

    Raises:
        ValueOutOfRange: It is no valid `google.protobuf.Timestamp` between 1970 and 2262.
    """
    nanos = checks.number(f"{field}.nanos", given.nanos, 0, NANOSECONDS_PER_SECOND - 1)
    seconds = checks.number(f"{field}.seconds", given.seconds, 0, MAX_SECONDS)
    return seconds * NANOSECONDS_PER_SECOND + nanos


def timestamp(instant: Nanoseconds) -> Timestamp:
    """Returns a time in nanoseconds since 1970 as protobuf has it."""
    message = Timestamp()
    message.FromNanoseconds(instant)
    return message
