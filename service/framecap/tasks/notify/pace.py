"""How fast each topic takes messages, and when it is tried again after failures."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from framecap.tasks.notify.policy import DeliveryPolicy

SPREAD: Final = 0.2
"""The share by which waits differ, so that what failed together is not repeated together."""

FAST_SECONDS: Final = 0.25
"""The usual duration below which a topic may take all deliveries: none of them waits long."""

LATEST_WEIGHT: Final = 0.2
"""The weight of the latest delivery in the usual duration of one."""


@dataclass(slots=True)
class _Topic:
    pending: int = 0
    """Deliveries that have begun and not ended."""

    failures: int = 0
    """Failures in a row; those that were under way together count once."""

    failed_at: float = -1.0
    """The time of the last failure that counted."""

    rests_until: float = 0.0
    """The time before which there are no deliveries, after a failure."""

    usual_seconds: float = math.inf
    """The usual duration of a delivery; infinite before the first one has ended."""

    next_turn: float = 0.0
    """The time at which the messages that were put off will have been delivered."""


class Pace:
    """Says for each message whether it is delivered now, and if not, when.

    A topic rests after a failure of its destination, for longer after each further one. A message
    that finds its topic busy or at rest is put off to its own expected turn, so that a thousand of
    them do not all come back at once.

    Args:
        policy: The bounds.
        clock: A clock that never falls back, in seconds.
        uniform: Returns a random number between two.
    """

    def __init__(
        self,
        policy: DeliveryPolicy,
        clock: Callable[[], float],
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._policy = policy
        self._clock = clock
        self._uniform = uniform
        self._topics: dict[str, _Topic] = {}

    @property
    def known_count(self) -> int:
        """The number of topics that something is known of."""
        return len(self._topics)

    def pending(self, name: str) -> int:
        """Returns the number of deliveries to a topic that have begun and not ended."""
        topic = self._topics.get(name)
        return 0 if topic is None else topic.pending

    def delay(self, name: str) -> float:
        """Returns the seconds to put a message off for; 0 when it may be delivered now."""
        topic = self._topics.get(name)
        if topic is None:
            return 0.0
        now = self._clock()
        fast = topic.usual_seconds < FAST_SECONDS and not topic.failures
        most = self._policy.concurrent if fast else self._policy.per_topic
        if now >= topic.rests_until and topic.pending < most:
            return 0.0
        spacing = topic.usual_seconds / most if math.isfinite(topic.usual_seconds) else 0.0
        turn = max(now, topic.rests_until, topic.next_turn) + spacing
        # Bounded, since a destination that was slow for hours may be fast again at once.
        topic.next_turn = min(turn, max(now + self._policy.longest_wait, topic.rests_until))
        return max(topic.next_turn - now, self._policy.poll_seconds)

    def began(self, name: str) -> float:
        """Notes the begin of a delivery; returns its time."""
        self._topics.setdefault(name, _Topic()).pending += 1
        return self._clock()

    def succeeded(self, name: str, began: float) -> None:
        """Notes that the destination took a message, or refused just this one."""
        topic = self._ended(name, began)
        topic.failures = 0
        topic.rests_until = 0.0
        self._forget(name, topic)

    def failed(self, name: str, began: float, retry_after: float | None = None) -> float:
        """Notes a failure of the destination.

        Returns:
            The seconds to put the message off for.
        """
        topic = self._ended(name, began)
        now = self._clock()
        if began >= topic.failed_at:
            topic.failures += 1
            topic.failed_at = now
            topic.rests_until = now + self.wait(topic.failures, retry_after)
        return max(topic.rests_until - now, self._policy.poll_seconds)

    def cancelled(self, name: str, began: float) -> None:
        """Notes that a delivery was given up, which says nothing about its destination."""
        self._forget(name, self._ended(name, began))

    def wait(self, failures: int, retry_after: float | None = None) -> float:
        """Returns the seconds after so many failures in a row."""
        policy = self._policy
        # The exponent is bounded, for deliveries that are counted over a week.
        doubled = math.ldexp(policy.first_wait, min(failures - 1, 30))
        wait = min(doubled, policy.longest_wait) * self._uniform(1 - SPREAD, 1 + SPREAD)
        return max(wait, min(retry_after or 0.0, policy.longest_retry_after))

    def _ended(self, name: str, began: float) -> _Topic:
        topic = self._topics[name]
        topic.pending -= 1
        seconds = self._clock() - began
        known = topic.usual_seconds if math.isfinite(topic.usual_seconds) else seconds
        topic.usual_seconds = known + LATEST_WEIGHT * (seconds - known)
        return topic

    def _forget(self, name: str, topic: _Topic) -> None:
        """Drops a topic of which nothing needs to be known: callers may name any number of them."""
        idle = not topic.pending and not topic.failures
        if idle and topic.next_turn <= self._clock():
            del self._topics[name]
