"""The rules for the names of buckets and objects, the same for reading and for writing."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

MAX_KEY_BYTES: Final = 1024

_BUCKET: Final = re.compile(r"[a-z0-9]([a-z0-9.-]{1,61})[a-z0-9]")
_ADDRESS: Final = re.compile(r"[0-9]+(\.[0-9]+){3}")

# Control characters, line and paragraph separators, halves of surrogate pairs.
_UNPRINTABLE: Final = frozenset({"Cc", "Zl", "Zp", "Cs"})

_NAMES: Final = {
    "\n": "a line break",
    "\r": "a line break",
    "\u2028": "a line break",
    "\u2029": "a line break",
    "\t": "a tab",
    "\0": "a zero byte",
}

# The surrogates by which Python represents bytes of a file name that are not UTF-8.
_UNDECODED_BYTES: Final = range(0xDC80, 0xDD00)

_LONGEST_SHOWN: Final = 100

# A root, or a scheme, also as libavformat writes some: `subfile,,start,0,end,0,,:`.
_ELSEWHERE: Final = re.compile(r"[/\\]|[^/]*:")


def bucket_fault(bucket: str) -> str | None:
    """Returns the fault that keeps `bucket` from being a bucket's name; None if it is valid.

    The rules are S3's, so a name that is valid here is valid in every store: 3 to 63 lower-case
    letters, digits, dots and hyphens, a letter or digit at both ends, no two dots in a row, not an
    IP address. An underscore is in no store's rules.
    """
    if not _BUCKET.fullmatch(bucket):
        return (
            "is no bucket name: 3 to 63 lower-case letters, digits, dots and hyphens,"
            " a letter or digit first and last"
        )
    if ".." in bucket:
        return "is no bucket name: it has two dots in a row"
    if _ADDRESS.fullmatch(bucket):
        return "is no bucket name: it looks like an IP address"
    return None


def key_fault(key: str) -> str | None:
    """Returns the fault that keeps `key` from being an object's key; None if it is valid.

    A key is a path of non-empty segments, none of them `.` or `..`, without control characters, at
    most 1024 bytes of UTF-8. So it is the same object in a directory as in an object store.
    """
    if len(key) > MAX_KEY_BYTES or len(key.encode(errors="replace")) > MAX_KEY_BYTES:
        return f"is longer than {MAX_KEY_BYTES} bytes"
    return path_fault(key)


def path_fault(path: str) -> str | None:
    """Returns the fault that keeps `path` from being a relative path; None if it is valid."""
    if not path:
        return "is empty"
    if fault := unprintable_fault(path):
        return fault
    if path.startswith("/"):
        return "begins with a slash"
    if path.endswith("/"):
        return "ends with a slash"
    for segment in path.split("/"):
        if not segment:
            return "has two slashes in a row"
        if segment in {".", ".."}:
            return f"has the segment {segment}"
    return None


def leads_elsewhere(reference: str) -> bool:
    """Returns whether a reference is no relative path: has a scheme or begins at a root."""
    return _ELSEWHERE.match(reference) is not None


def unprintable_fault(text: str) -> str | None:
    """Returns the fault of a text that could break a line, a log or an encoding; else None."""
    name = unprintable_name(text)
    if name is None:
        return None
    return f"has a control character, or one that UTF-8 cannot say ({name})"


def unprintable_name(text: str) -> str | None:
    """Returns the readable name of the first such character in `text`; None without one."""
    character = next((character for character in text if has_unprintable(character)), None)
    if character is None:
        return None
    if character in _NAMES:
        return _NAMES[character]
    code = ord(character)
    if code in _UNDECODED_BYTES:
        return f"the byte 0x{code & 0xFF:02X}, which is not UTF-8"
    return f"U+{code:04X}"


def has_unprintable(text: str) -> bool:
    """Returns whether `text` could break a line, a log or an encoding."""
    return any(unicodedata.category(character) in _UNPRINTABLE for character in text)


def printable(text: str) -> str:
    """Returns `text` with U+FFFD for each character that a key cannot have."""
    return "".join("\N{REPLACEMENT CHARACTER}" if has_unprintable(c) else c for c in text)


def shown(text: str) -> str:
    """Returns `text` fit for a sentence: in quotes, one line, visible, cut when it is long."""
    cut = text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"
    return f'"{visible(cut)}"'


def visible(text: str) -> str:
    """Returns `text` on one line, with escape sequences for unprintable characters."""
    return "".join(c if c.isprintable() else _spelled(c) for c in text)


def _spelled(character: str) -> str:
    code = ord(character)
    if code in _UNDECODED_BYTES:
        return f"\\x{code & 0xFF:02x}"
    return character.encode("unicode_escape").decode()
