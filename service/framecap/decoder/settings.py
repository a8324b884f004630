"""What an operator may set about decoders."""

from __future__ import annotations

import os
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class DecoderSettings:
    """Bounds on what one decoder may do."""

    stall_after: float = 30.0
    """Seconds a decoder may be waited for without progress before it is ended."""

    max_image_bytes: int = 256 * 1024 * 1024
    """The largest encoded image; no PNG within the size limits exceeds it by itself."""

    idle_decoders: int = field(default_factory=lambda: os.cpu_count() or 1, metadata={"least": 0})
    """Decoders forked ahead, so that a capture need not wait for the fork; 0 for none."""
