"""The signature of webhooks: Standard Webhooks, version 1 (https://www.standardwebhooks.com)."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterable


def signed_headers(
    event_id: str, timestamp: int, body: bytes, keys: Iterable[bytes]
) -> dict[str, str]:
    """Returns the headers by which a receiver verifies a message.

    Args:
        event_id: The message's id.
        timestamp: The time of this delivery, in seconds since 1970.
        body: The message's body.
        keys: The keys; each gives one signature.
    """
    signed = f"{event_id}.{timestamp}.".encode() + body
    digests = (hmac.digest(key, signed, "sha256") for key in keys)
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(
            f"v1,{base64.b64encode(digest).decode()}" for digest in digests
        ),
    }
