"""What destinations of notifications have in common."""

from __future__ import annotations

from typing import Final, Protocol

from framecap.tasks.notify.message import Message


class DeliveryFailed(Exception):
    """A message was not delivered, as far as is known. It is to be delivered again.

    Args:
        detail: The cause in a few words, without addresses, bodies and secrets.
        refused: True when the destination works and refused this message.
        retry_after: The seconds that the destination named; None where it named none.
    """

    def __init__(
        self, detail: str, *, refused: bool = False, retry_after: float | None = None
    ) -> None:
        super().__init__(detail)
        self.detail: Final = detail
        self.refused: Final = refused
        self.retry_after: Final = retry_after


class Destination(Protocol):
    """Where the messages of a topic go. Close it."""

    async def deliver(self, message: Message) -> None:
        """Delivers a message; when this returns, the destination has it.

        The caller sets the deadline, and cancels this after it.

        Raises:
            DeliveryFailed: The destination may not have it.
        """

    async def close(self) -> None:
        """Gives up all connections and threads."""
