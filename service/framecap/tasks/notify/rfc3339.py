"""Times as RFC 3339 texts, to the nanosecond."""

from __future__ import annotations

from datetime import UTC, datetime

from framecap.timebase import NANOSECONDS_PER_SECOND, Nanoseconds


def rfc3339(instant: Nanoseconds) -> str:
    """Returns a wall-clock time in UTC; its fraction has no trailing zeros."""
    seconds, fraction = divmod(instant, NANOSECONDS_PER_SECOND)
    whole = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    digits = f"{fraction:09}".rstrip("0")
    return f"{whole}.{digits}Z" if digits else f"{whole}Z"
