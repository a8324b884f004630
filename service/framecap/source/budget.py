"""The budget of one capture: bytes fetched of its source and of the files it refers to."""

from __future__ import annotations

from framecap.errors import LimitExceeded
from framecap.source.opened import Traffic
from framecap.transport.request_statistics import NoRequestStatistics, RequestStatistics


class Budget:
    """Counts fetched bytes and requests, and ends a capture that exceeds the limit of bytes.

    Args:
        limit: The largest number of bytes.
        statistics: Receives the figures of all captures.
    """

    def __init__(self, limit: int, statistics: RequestStatistics | None = None) -> None:
        self._limit = limit
        self._statistics = statistics or NoRequestStatistics()
        self._bytes = 0
        self._requests = 0
        self._seconds = 0.0

    @property
    def traffic(self) -> Traffic:
        """The cost of reading so far."""
        return Traffic(bytes=self._bytes, requests=self._requests, seconds=self._seconds)

    def count_request(self) -> None:
        """Counts a request."""
        self._requests += 1

    def waited(self, seconds: float) -> None:
        """Adds the duration of a read."""
        self._seconds += seconds

    def take(self, count: int) -> None:
        """Adds `count` received bytes.

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
