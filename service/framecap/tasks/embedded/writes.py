"""All durable writes of the engine, and where tests make them fail.

Each is one transaction that is on the disk when it ends. What stands between two of them can be
cut apart by the death of the process; what one of them has written cannot.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, Protocol


class DurableWrite(Enum):
    """A durable write."""

    SUBMIT = "submit"
    """The task, its request id and `accepted`."""

    TAKE = "take"
    """The state, the writer, the attempt and `attempt_started`."""

    APPEND = "append"
    """Events of record."""

    FINISH = "finish"
    """The end by the holder: state, last events, notification, usage."""

    HAND_BACK = "hand_back"
    """Pending again; the attempt does not count."""

    RETRY_LATER = "retry_later"
    """Pending again after a backoff, or the end after the last attempt."""

    CANCEL = "cancel"
    """The request to cancel; the end of a pending task."""

    DELETE = "delete"
    """The removal of a task by its owner."""

    RECLAIM = "reclaim"
    """The task of a dead holder: pending again, or its end."""

    EXPIRE = "expire"
    """The end of a task that was pending for too long."""

    REMOVE = "remove"
    """The removal of what was kept for its time."""

    NOTIFICATION_DELIVERED = "notification_delivered"
    """The removal of a notification."""

    RECORD_USAGE = "record_usage"
    """The usage of a direct capture."""


class FaultPoints(Protocol):
    """Is called around every durable write, on the writer's thread; to inject faults."""

    def before_commit(self, write: DurableWrite) -> None:
        """Is called when all is written but not committed; an exception rolls it back."""

    def after_commit(self, write: DurableWrite) -> None:
        """Is called when the write is on the disk, before the caller hears of it."""


class _NoFaults:
    def before_commit(self, write: DurableWrite) -> None:
        pass

    def after_commit(self, write: DurableWrite) -> None:
        pass


NO_FAULTS: Final[FaultPoints] = _NoFaults()
