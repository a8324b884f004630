"""The metrics of workers, as they record them."""

from __future__ import annotations

from enum import Enum
from typing import Protocol


class Outcome(Enum):
    """How an attempt at a task ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    RETRIED = "retried"
    """It failed for a cause that may pass, and the task waits for another attempt."""

    HANDED_BACK = "handed_back"
    """The worker shut down, and the task is pending again."""

    LOST = "lost"
    """The lease was not confirmed in time, or the task became another's."""


class WorkerMeter(Protocol):
    """Records what workers do."""

    def attempt_began(self, waited: float | None) -> None:
        """Records that an attempt began.

        Args:
            waited: The seconds from the task's creation to its first attempt; None for a later one.
        """

    def attempt_ended(self, outcome: Outcome | None) -> None:
        """Records that an attempt ended; `outcome` is None when it could not be ended."""


class NoWorkerMeter:
    """Records nothing."""

    def attempt_began(self, waited: float | None) -> None:
        """Does nothing."""

    def attempt_ended(self, outcome: Outcome | None) -> None:
        """Does nothing."""
