"""A notification as destinations deliver it."""

from __future__ import annotations

import json
from dataclasses import dataclass

from framecap.tasks.task import Notification
from framecap.timebase import NANOSECONDS_PER_MILLISECOND, Nanoseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """An envelope, and its members that headers repeat."""

    event_id: str
    """The id, the same at every delivery."""

    source: str
    """The member `source`."""

    type: str
    """The member `type`."""

    subject: str
    """The member `subject`."""

    time: Nanoseconds
    """The end of the task."""

    body: bytes
    """The envelope, one line."""

    @classmethod
    def of(cls, notification: Notification) -> Message:
        """Returns the message of a notification.

        Raises:
            ValueError: The body is no envelope.
        """
        try:
            members = json.loads(notification.body)
            return cls(
                event_id=notification.event_id,
                source=str(members["source"]),
                type=str(members["type"]),
                subject=str(members["subject"]),
                time=int(members["time"]) * NANOSECONDS_PER_MILLISECOND,
                body=notification.body,
            )
        except (KeyError, TypeError, ValueError):
            # The error that was caught shows the body.
            raise ValueError("the body is no envelope") from None
