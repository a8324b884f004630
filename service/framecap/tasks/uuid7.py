"""Identifiers of tasks: UUIDs of version 7 (RFC 9562, 5.7), which sort by the time of creation."""

from __future__ import annotations

import secrets
import threading
import time
import uuid
from collections.abc import Callable
from typing import Final

from framecap.timebase import NANOSECONDS_PER_MILLISECOND, Nanoseconds

PREFIX: Final = "MediaConvert-"

# The 74 bits besides time, version and variant: `rand_a` above `rand_b`.
RANDOM_BITS: Final = 74
LOW_BITS: Final = 62
# A fresh start leaves the highest bit clear, so that a millisecond has room to count up.
FRESH_BITS: Final = RANDOM_BITS - 1
# The most that the next identifier of a millisecond is above the one before.
STEP_BITS: Final = 32
LENGTH: Final = 36


class Uuid7:
    """Makes UUIDs of version 7 that increase, even where the clock falls back.

    All random bits serve as the counter (RFC 9562, 6.2, method 2). Safe for several threads.

    Args:
        clock: The wall clock, in nanoseconds since 1970.
    """

    def __init__(self, clock: Callable[[], Nanoseconds] = time.time_ns) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._last = 0

    def __call__(self) -> uuid.UUID:
        """Returns the next UUID."""
        now = self._clock() // NANOSECONDS_PER_MILLISECOND
        with self._lock:
            if now > self._last >> RANDOM_BITS:
                self._last = now << RANDOM_BITS | secrets.randbits(FRESH_BITS)
            else:
                # A counter that overflows runs into the next millisecond.
                self._last += 1 + secrets.randbits(STEP_BITS)
            return _uuid(self._last)


def task_id(number: uuid.UUID) -> str:
    """Returns a task's id on every wire."""
    return f"{PREFIX}{number}"


def parse_task_id(text: str) -> uuid.UUID | None:
    """Returns the UUID of a task's id; None where the text is not the id of a task."""
    digits = text.removeprefix(PREFIX)
    if len(digits) != LENGTH:
        return None
    try:
        number = uuid.UUID(digits)
    except ValueError:
        return None
    return number if number.version == 7 and task_id(number) == text else None


def created(number: uuid.UUID) -> Nanoseconds:
    """Returns the time in a UUID of version 7, in nanoseconds since 1970."""
    return (number.int >> 80) * NANOSECONDS_PER_MILLISECOND


def lowest(instant: Nanoseconds) -> uuid.UUID:
    """Returns the lowest UUID of those created at `instant` or after it."""
    return _uuid(-(-max(0, instant) // NANOSECONDS_PER_MILLISECOND) << RANDOM_BITS)


def _uuid(value: int) -> uuid.UUID:
    """Returns the UUID of 48 bits of time above 74 bits of the counter."""
    time_bits, counter = value >> RANDOM_BITS, value & ((1 << RANDOM_BITS) - 1)
    high, low = counter >> LOW_BITS, counter & ((1 << LOW_BITS) - 1)
    time_bits = min(time_bits, (1 << 48) - 1)
    return uuid.UUID(int=time_bits << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low)
