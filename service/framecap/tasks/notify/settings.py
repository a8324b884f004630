"""The settings of notifications."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifySettings:
    """The destinations of notifications."""

    topics: Path | None = None
    """The configuration file of topics; None if each topic is a file in the data directory."""
