"""When a task is attempted again, and when it is not."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

from framecap.timebase import (
    NANOSECONDS_PER_MILLISECOND,
    NANOSECONDS_PER_SECOND,
    Nanoseconds,
)

MAX_ATTEMPTS: Final = 5
"""Attempts of a task. Failures of stores and networks and deaths of workers share them."""

DELAYS: Final = tuple(seconds * NANOSECONDS_PER_SECOND for seconds in (5, 30, 120, 600))
"""The wait after each failed attempt but the last."""

# Tasks that failed together are not to be attempted together.
SPREAD: Final = 0.2


def backoff(
    attempt: int,
    retry_after_ms: int | None = None,
    uniform: Callable[[float, float], float] = random.uniform,
) -> Nanoseconds:
    """Returns the wait before the attempt after `attempt`.

    Args:
        attempt: The number of the failed attempt.
        retry_after_ms: The least wait, where the failure names one.
        uniform: Returns a random number between two.
    """
    delay = DELAYS[min(attempt, len(DELAYS)) - 1]
    least = (retry_after_ms or 0) * NANOSECONDS_PER_MILLISECOND
    return max(least, int(delay * uniform(1 - SPREAD, 1 + SPREAD)))
