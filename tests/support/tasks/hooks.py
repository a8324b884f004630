"""Secrets of webhooks, and how a receiver verifies what it is sent, by the standard's own words."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping

KEY = b"a key of thirty-two bytes, or so"
OTHER_KEY = b"another key, of twenty-four!"


def secret_line(key: bytes) -> str:
    """Returns a key as a file of secrets has it."""
    return "whsec_" + base64.b64encode(key).decode()


SECRET = secret_line(KEY)


def verified(headers: Mapping[str, str], body: bytes, key: bytes = KEY) -> bool:
    """Returns whether one of a message's signatures is that of a key."""
    content = b".".join(
        [headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body]
    )
    expected = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    signatures = [signature.split(",") for signature in headers["webhook-signature"].split(" ")]
    return ["v1", expected] in signatures
