"""Exact media time.

A frame is on screen over [pts, next pts). Intervals include their start and exclude their end.
Instants in a request are integers, nanoseconds of media time; a frame's pts is an integer in its
stream's time base. A `Clock` converts between the two. Seconds are never floats.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from typing import Final, TypeAlias

Nanoseconds: TypeAlias = int
Pts: TypeAlias = int

NANOSECONDS_PER_SECOND: Final = 1_000_000_000
NANOSECONDS_PER_MILLISECOND: Final = 1_000_000
NANOSECONDS_PER_MICROSECOND: Final = 1_000


@dataclass(frozen=True, slots=True)
class Clock:
    """Converts between a stream's pts and media time."""

    time_base: Fraction
    """The unit of pts, in seconds. Positive."""

    zero: Fraction
    """The moment that is media time 0, in seconds on the container's clock."""

    def media_time(self, pts: Pts) -> Fraction:
        """Returns the media time of `pts`, in seconds, exactly."""
        return pts * self.time_base - self.zero

    def nanoseconds(self, pts: Pts) -> Nanoseconds:
        """Returns the media time of `pts`, rounded down to a nanosecond."""
        return floor_nanoseconds(self.media_time(pts))

    def floor(self, instant: Nanoseconds | Fraction) -> Pts:
        """Returns the last pts that is not after `instant`.

        So a frame of [start, end) is on screen at `instant` exactly when
        `start <= floor(instant) < end`.
        """
        seconds = Fraction(instant, NANOSECONDS_PER_SECOND) + self.zero
        return seconds // self.time_base

    def ceil(self, instant: Nanoseconds | Fraction) -> Pts:
        """Returns the first pts that is not before `instant`."""
        seconds = Fraction(instant, NANOSECONDS_PER_SECOND) + self.zero
        return -(-seconds // self.time_base)


def floor_nanoseconds(seconds: Fraction) -> Nanoseconds:
    """Returns `seconds` in nanoseconds, rounded down."""
    return seconds * NANOSECONDS_PER_SECOND // 1


def utc(instant: Nanoseconds) -> datetime:
    """Returns a time in nanoseconds since 1970 in UTC, cut to a second."""
    return datetime.fromtimestamp(instant // NANOSECONDS_PER_SECOND, UTC)


def format_time(instant: Nanoseconds) -> str:
    """Returns an instant as text, cut to a millisecond: `00:05:00.000`."""
    sign = "-" if instant < 0 else ""
    milliseconds = abs(instant) // NANOSECONDS_PER_MILLISECOND
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{sign}{hours:02}:{minutes:02}:{seconds:02}.{milliseconds:03}"
