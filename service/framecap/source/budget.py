"""What one capture may fetch of its source and of the files this refers to, and has fetched."""

from __future__ import annotations

from framecap.errors import LimitExceeded
from framecap.source.opened import Traffic
from framecap.storage.request_statistics import NoRequestStatistics, RequestStatistics


class Budget:
    """Counts what is fetched, and ends a capture that fetches too much.

    Args:
        limit: The most bytes.
        statistics: Takes the figures of all captures.
    """

    def __init__(self, limit: int, statistics: RequestStatistics | None = None) -> None:
        self._limit = limit
        self._statistics = statistics or NoRequestStatistics()
        self._bytes = 0
        self._requests = 0
        self._seconds = 0.0

    @property
    def traffic(self) -> Traffic:
        """What reading has cost so far."""
        return Traffic(bytes=self._bytes, requests=self._requests, seconds=self._seconds)

    def asked(self) -> None:
        """Notes that a request is made."""
        self._requests += 1

    def waited(self, seconds: float) -> None:
        """Notes that a read took so long."""
        self._seconds += seconds

    def take(self, count: int) -> None:
        """Notes that `count` bytes arrived.

        Raises:
            LimitExceeded: The budget is spent.
        """
        self._bytes += count
        self._statistics.fetched(count)
        if self._bytes > self._limit:
            raise LimitExceeded(
                f"the capture would read more than {self._limit} bytes of its source",
                metadata={"limit": str(self._limit), "limit_name": "read_bytes"},
            )
