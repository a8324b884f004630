"""The log of usage records, as captures write it."""

from __future__ import annotations

from typing import Protocol

from framecap.model.usage import UsageRecord


class UsageLog(Protocol):
    """Keeps the usage records of captures."""

    def check(self) -> None:
        """Returns if records can be written, as far as is known.

        Raises:
            DataStoreUnavailable: They cannot, for now; the work of captures would be wasted.
        """

    async def record(self, record: UsageRecord) -> None:
        """Writes a record, once for each id; it is durable when this returns.

        A record whose writer is cancelled is written all the same.

        Raises:
            DataStoreUnavailable: It could not be written, for now.
        """


class NoUsageLog:
    """Keeps nothing: nobody is charged."""

    def check(self) -> None:
        """Returns always."""

    async def record(self, record: UsageRecord) -> None:
        """Does nothing."""
