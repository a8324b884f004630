"""The settings of decoders."""

from __future__ import annotations

import os
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class DecoderSettings:
    """Limits on one decoder, and the number kept idle."""

    stall_after: float = 30.0
    """Seconds to wait for a decoder without progress before it is killed."""

    max_image_bytes: int = 256 * 1024 * 1024
    """The largest encoded image; no PNG within the size limits exceeds it."""

    idle_decoders: int = field(default_factory=lambda: os.cpu_count() or 1, metadata={"least": 0})
    """Decoders forked ahead, so that a capture need not wait for the fork; 0 for none."""

    selections: frozenset[str] = frozenset()
    """The names of the installed selections that requests may use."""
