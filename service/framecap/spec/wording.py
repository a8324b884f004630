"""How a caller's own text appears in the sentences about it."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from typing import Final

# Sentences and their parts travel in gRPC trailers, which hold 8 KiB in all.
_LONGEST: Final = 64


def shown(text: str) -> str:
    """Returns `text` fit for a sentence: one short line, quoted unless it is plain.

    Characters that cannot be printed are escaped and a long text is cut, so that the result can
    be encoded, logged and sent whatever the caller wrote.
    """
    cut = text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
    if cut and cut.isprintable() and not set(cut) & set(" \"'"):
        return cut
    return "".join(
        c if c.isprintable() else _escaped(c) for c in json.dumps(cut, ensure_ascii=False)
    )


def listed(names: Iterable[str]) -> str:
    """Returns names the way a sentence lists them."""
    return ", ".join(names)


def hint(nearest: str | None) -> str:
    """Returns the clause that proposes `nearest`; nothing when there is none."""
    return f"; did you mean {nearest}?" if nearest else ""


def nearest(name: str, valid: Iterable[str], also: Mapping[str, str]) -> str | None:
    """Returns the valid name that `name` was probably meant to be, if one is close.

    Args:
        name: What the caller wrote.
        valid: The valid names.
        also: Other words for them, each with the name it stands for.
    """
    if len(name) > _LONGEST:
        return None
    plain = name.strip().lower()
    names = {word: word for word in valid} | dict(also)
    close = difflib.get_close_matches(plain, names, n=1, cutoff=0.6)
    return names[close[0]] if close else None


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
