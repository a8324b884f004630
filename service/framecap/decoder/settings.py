"""What an operator may set about decoders."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DecoderSettings:
    """Bounds on what one decoder may do."""

    stall_after: float = 30.0
    """Seconds a decoder may be waited for without progress before it is ended."""

    max_image_bytes: int = 256 * 1024 * 1024
    """The largest encoded image; no PNG within the size limits exceeds it by itself."""
