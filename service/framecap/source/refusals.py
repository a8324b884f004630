"""Errors of sources that are not there or may not be read."""

from __future__ import annotations

from framecap.errors import SourceNotAllowed, SourceNotFound
from framecap.model.names import shown


def not_found(public_name: str) -> SourceNotFound:
    """Returns the error of a missing source."""
    return SourceNotFound(
        f"source: there is no {shown(public_name)}", metadata={"source": public_name}
    )


def not_allowed(public_name: str, why: str) -> SourceNotAllowed:
    """Returns the error of a source that may not be read."""
    return SourceNotAllowed(f"source: {shown(public_name)} {why}", metadata={"source": public_name})
