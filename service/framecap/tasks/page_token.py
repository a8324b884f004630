"""Page tokens: a position in a list, with a check of what the list contains."""

from __future__ import annotations

import base64
import binascii
from hashlib import sha256
from typing import Final

from framecap.errors import ValueOutOfRange

CHECK_BYTES: Final = 8
FIELD: Final = "page_token"


def check_of(*parts: object) -> bytes:
    """Returns what the tokens of one list share.

    Args:
        parts: The list's owner and filter, whose `repr` are equal for equal lists only.
    """
    return sha256(repr(parts).encode()).digest()[:CHECK_BYTES]


def token_of(position: bytes, check: bytes) -> str:
    """Returns the token that continues a list after a position."""
    return base64.urlsafe_b64encode(position + check).decode()


def position_of(token: str, check: bytes) -> bytes:
    """Returns the position in a token.

    Raises:
        ValueOutOfRange: The token is not from a page of the same list.
    """
    try:
        value = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        value = b""
    position = value[:-CHECK_BYTES]
    if not position or value[-CHECK_BYTES:] != check:
        raise foreign()
    return position


def foreign() -> ValueOutOfRange:
    """Returns the error of a token that is not from a page of the list."""
    return ValueOutOfRange(f"{FIELD}: it is not from a page of this list", field=FIELD)
