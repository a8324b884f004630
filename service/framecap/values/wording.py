"""The display of a caller's text in messages about it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Final

# Messages and their metadata are sent in gRPC trailers, which hold 8 KiB in all.
_LONGEST: Final = 64


def safe(text: str) -> str:
    """Returns any text of a caller as one short line, safe to log and to send.

    Characters that cannot be printed are escaped, and a long text is cut.
    """
    cut = text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
    return "".join(c if c.isprintable() else _escaped(c) for c in cut)


def shown(text: str) -> str:
    """Returns `text` for a sentence: made safe by `safe`, in quotes unless it is one word."""
    word = safe(text)
    plain = word and not set(word) & set(" \"'")
    return word if plain else f'"{word}"'


def listed(names: Iterable[str]) -> str:
    """Returns names as a list for a sentence."""
    return ", ".join(names)


def hint(nearest: str | None) -> str:
    """Returns the clause that suggests `nearest`; empty if there is none."""
    return f"; did you mean {nearest}?" if nearest else ""


def nearest(name: str, valid: Iterable[str], also: Mapping[str, str]) -> str | None:
    """Returns the valid name that the caller probably meant; None if none is close.

    Args:
        name: The text that the caller wrote.
        valid: The valid names.
        also: Other words for them, each with the valid name.
    """
    if len(name) > _LONGEST:
        return None
    plain = name.strip().lower()
    names = {word: word for word in valid} | dict(also)
    close = difflib.get_close_matches(plain, names, n=1, cutoff=0.6)
    return names[close[0]] if close else None


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
