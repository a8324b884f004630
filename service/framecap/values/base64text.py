"""Text in base64, the form of the values of `sys/saveas` and `notify`.

The canonical form is the URL-safe alphabet without padding. The standard alphabet, padding and one
line break at the end of the decoded text are accepted, because `echo … | base64` produces them.
"""

from __future__ import annotations

import base64
import re
import unicodedata
from typing import Final

MAX_TEXT_BYTES: Final = 2048
"""The longest text, in UTF-8: twice the longest object key."""

_URL_SAFE: Final = re.compile(r"[A-Za-z0-9_-]*")
_STANDARD: Final = re.compile(r"[A-Za-z0-9+/]*")
_TO_URL_SAFE: Final = str.maketrans("+/", "-_")


def encode(text: str) -> str:
    """Returns `text` in the URL-safe alphabet, without padding."""
    return base64.urlsafe_b64encode(text.encode()).decode("ascii").rstrip("=")


def decode(value: str) -> str:
    """Returns the text that `value` encodes.

    Raises:
        ValueError: `value` encodes no valid text; the message completes "the value …".
    """
    digits = _digits(value)
    raw = base64.urlsafe_b64decode(digits + "=" * (-len(digits) % 4))
    if base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=") != digits:
        raise ValueError("is not base64: bits are left over at its end")
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise ValueError("does not decode to UTF-8") from None
    text = re.sub(r"\r?\n\Z", "", text)
    check_text(text, "decodes to")
    if not text:
        raise ValueError("decodes to an empty text")
    return text


def check_text(text: str, verb: str) -> None:
    """Raises ValueError when `text` is too long or holds a control character.

    Args:
        text: The text.
        verb: The first word of the message, for example "holds".
    """
    if len(text.encode()) > MAX_TEXT_BYTES:
        raise ValueError(f"{verb} more than {MAX_TEXT_BYTES} bytes")
    for character in text:
        if unicodedata.category(character) == "Cc":
            raise ValueError(f"{verb} a control character, U+{ord(character):04X}")


def _digits(value: str) -> str:
    """Returns the URL-safe digits of `value`, without padding."""
    digits = value.rstrip("=")
    padding = len(value) - len(digits)
    if _URL_SAFE.fullmatch(digits) is None and _STANDARD.fullmatch(digits) is None:
        if re.fullmatch(r"[A-Za-z0-9_+/-]*", digits):
            raise ValueError("is not base64: it mixes the URL-safe and the standard alphabet")
        raise ValueError("is not base64: it has other characters than A-Z a-z 0-9 - _")
    if len(digits) % 4 == 1:
        raise ValueError("is not base64: it is one character short or long")
    if padding and padding != -len(digits) % 4:
        raise ValueError("is not base64: its padding does not fit its length")
    return digits.translate(_TO_URL_SAFE)
