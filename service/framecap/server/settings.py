"""What an operator may set about the server."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from framecap.server.address import Address

DEFAULT_LISTEN: Final = Address("127.0.0.1", 50051)
DEFAULT_METRICS: Final = Address("127.0.0.1", 9464)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """Where the service listens, what it reads and how it ends."""

    listen: Address = DEFAULT_LISTEN
    """Where calls are taken."""

    metrics: Address | None = DEFAULT_METRICS
    """Where metrics are shown; None shows none."""

    data: Path = Path("framecap-data")
    """The directory of what the service keeps; buckets are directories in its `buckets`."""

    allow_path: tuple[Path, ...] = ()
    """The directories whose files may be sources."""

    grace: float = 30.0
    """Seconds that captures under way have to finish when the service ends."""

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
