"""How often, how fast and for how long notifications are delivered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from framecap.tasks.engine import DAY
from framecap.timebase import Nanoseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryPolicy:
    """The bounds of deliveries."""

    concurrent: int = 16
    """The most deliveries at once."""

    per_topic: int = 4
    """The most deliveries at once to a topic that is slow, so that no other waits for it."""

    seconds: float = 20.0
    """The deadline of a delivery, well below `EngineSettings.notification`."""

    settle_seconds: float = 20.0
    """The longest attempt to record a delivery; after it the message is delivered again."""

    first_wait: float = 5.0
    """The seconds before the second delivery of a message; they double for each later one."""

    longest_wait: float = 900.0
    """The most seconds between two deliveries of a message, unless the destination named more."""

    longest_retry_after: float = 3600.0
    """The most seconds that a destination can ask for."""

    retention: Nanoseconds = 7 * DAY
    """The time after a task's end for which its notification is tried: as long as it is kept."""

    poll_seconds: float = 0.5
    """The time between two looks for notifications, where there was none."""

    count_seconds: float = 15.0
    """The time between two counts of the notifications that are not delivered."""

    close_seconds: float = 5.0
    """The time for deliveries to end at a shutdown."""


DEFAULT_POLICY: Final = DeliveryPolicy()
