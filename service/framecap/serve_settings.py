"""The settings of the server."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from framecap.listen_address import Address

DEFAULT_LISTEN: Final = Address("127.0.0.1", 50051)
DEFAULT_METRICS: Final = Address("127.0.0.1", 9464)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """Settings of the service's addresses, files and shutdown."""

    listen: Address = DEFAULT_LISTEN
    """The address for calls."""

    metrics: Address | None = DEFAULT_METRICS
    """The address of the metrics; None turns them off."""

    data: Path = Path("framecap-data")
    """The service's data directory; the directories in its `buckets` are buckets."""

    allow_path: tuple[Path, ...] = ()
    """The directories whose files may be sources."""

    grace: float = 30.0
    """Seconds that running captures have to finish when the service shuts down."""

    def __post_init__(self) -> None:
        if not self.listen.local:
            raise ValueError(
                f"listen: {self.listen} can be reached from other machines, and callers have no "
                "identity yet (example: 127.0.0.1:50051)"
            )
        if self.metrics is not None and self.metrics.path:
            raise ValueError(
                f"metrics: {self.metrics} is a Unix socket, where nothing collects metrics "
                "(example: 127.0.0.1:9464)"
            )
