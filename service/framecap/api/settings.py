"""What an operator may set about calls."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiSettings:
    """Bounds on what one call may do."""

    client_stall_after: float = 60.0
    """Seconds a client may take nothing of its stream before its call is ended."""

    max_call_seconds: float = 6 * 3600.0
    """The longest a call may take, whatever deadline its caller sets."""

    max_unary_image_bytes: int = 4 * 1024 * 1024 - 4096
    """The largest image that `CaptureImage` answers with.

    A client takes messages of 4 MiB unless it says otherwise, and the picture shares its message
    with a few other bytes.
    """
