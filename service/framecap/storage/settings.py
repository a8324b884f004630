"""The settings of storage."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageSettings:
    """The buckets and hosts, and bounds on reading and writing them."""

    buckets: Path | None = None
    """The configuration file of buckets; None if all are directories."""

    allow_host: tuple[str, ...] = ()
    """Hosts whose files may be sources, at public addresses only."""

    allow_private_host: tuple[str, ...] = ()
    """Hosts whose files may be sources, also at private addresses."""

    max_read_bytes: int = 128 * 1024 * MIB
    """The most bytes that one capture may fetch from a store."""

    uploads: int = 8
    """The most concurrent uploads of one capture."""

    read_cache_bytes: int = 32 * MIB
    """Bytes of its source that one capture caches in memory."""
