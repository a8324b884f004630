"""What an operator may set about storage."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageSettings:
    """Which buckets and hosts there are, and bounds on reading and writing them."""

    buckets: Path | None = None
    """The file that says where buckets are; None where all are directories."""

    allow_host: tuple[str, ...] = ()
    """Hosts whose files may be sources, at public addresses."""

    allow_private_host: tuple[str, ...] = ()
    """Hosts whose files may be sources, also at private addresses."""

    max_read_bytes: int = 128 * 1024 * MIB
    """The most bytes that one capture may fetch from a store."""

    uploads: int = 8
    """Images of one capture that may be on their way to a store at once."""

    read_cache_bytes: int = 32 * MIB
    """How much of its source one capture holds in memory."""
