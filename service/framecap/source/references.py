"""References in playlists, resolved to files beside them."""

from __future__ import annotations

import re
from urllib.parse import unquote

from framecap.errors import SourceNotAllowed
from framecap.model.names import key_fault, leads_elsewhere, shown


def resolve(key: str, reference: str) -> str:
    """Returns the key that a reference in the object `key` names, in the same bucket.

    A query or a fragment after the path does not select an object, and is removed.

    Args:
        key: The key, or a path below a directory.
        reference: The reference as written.

    Raises:
        SourceNotAllowed: The reference does not name an object of that bucket.
    """
    path = unquote(re.split("[?#]", reference, maxsplit=1)[0])
    if leads_elsewhere(reference) or path.startswith(("/", "\\")):
        raise refused(reference, "is no relative path")
    *parts, _ = key.split("/")
    for segment in path.split("/"):
        if segment == "..":
            if not parts:
                raise refused(reference, "leads out of where its playlist is")
            parts.pop()
        elif segment not in ("", "."):
            parts.append(segment)
    resolved = "/".join(parts)
    if path.rpartition("/")[2] in ("", ".", ".."):
        raise refused(reference, "names a folder")
    if fault := key_fault(resolved):
        raise refused(reference, fault)
    return resolved


def refused(reference: str, why: str) -> SourceNotAllowed:
    """Returns the error of a refused reference."""
    name = shown(reference)
    return SourceNotAllowed(
        f"source: it refers to {name}, which {why}; only files beside it are read",
        metadata={"reference": name},
    )
