"""An operator's settings of calls."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiSettings:
    """Limits of one call."""

    client_stall_after: float = 60.0
    """Seconds that a client may read nothing of its stream before its call is ended."""

    max_call_seconds: float = 6 * 3600.0
    """The longest duration of a call, even if its caller sets a later deadline."""

    max_unary_image_bytes: int = 4 * 1024 * 1024 - 4096
    """The largest image that `CaptureImage` answers with.

    gRPC clients accept messages of up to 4 MiB by default, and the message has a few bytes besides
    the image.
    """
