"""The version of a source, so that it can be read again exactly as it was."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from framecap.timebase import NANOSECONDS_PER_SECOND, Nanoseconds, utc

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""The time of the last change that stores have for objects of which none is known."""

WEAK: Final = "W/"
"""The beginning of entity tags that different bytes may share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePin:
    """The version of the source that every attempt reads; what a store does not say is unset."""

    etag: str = ""
    """The strong entity tag; empty where there is none."""

    size: int | None = None
    """The size in bytes."""

    modified: Nanoseconds | None = None
    """The last modification."""

    device: int | None = None
    """The device of a file."""

    inode: int | None = None
    """The inode of a file."""

    @property
    def by_size_alone(self) -> bool:
        """True where only a change of the size can be noticed."""
        return not self.etag and self.modified is None

    @property
    def last_modified(self) -> datetime | None:
        """The last modification in UTC, to the second; None where it is not known."""
        if self.modified is None:
            return None
        return utc(self.modified)

    def admits(self, found: SourcePin) -> bool:
        """Returns whether a version is this one.

        An entity tag decides alone: a store may copy an object, which changes its time and not its
        bytes. Without one, everything that is known of this version must be equal.
        """
        if self.etag:
            return (self.etag, self.size) == (found.etag, found.size)
        pairs = (
            (self.size, found.size),
            (self.modified, found.modified),
            (self.device, found.device),
            (self.inode, found.inode),
        )
        return all(mine is None or mine == theirs for mine, theirs in pairs)


def pin_of_file(facts: os.stat_result) -> SourcePin:
    """Returns the version of a file."""
    return SourcePin(
        size=facts.st_size,
        modified=facts.st_mtime_ns,
        device=facts.st_dev,
        inode=facts.st_ino,
    )


def pin_of_object(version: str, size: int, last_modified: datetime) -> SourcePin:
    """Returns the version of an object of a store, or of a file of a web server.

    Args:
        version: The entity tag, else the time of the last change as a web server writes it.
        size: Bytes.
        last_modified: The time of the last change; `EPOCH` where it is not known.
    """
    # An entity tag has no spaces, and a time of HTTP has some.
    strong = bool(version) and not version.startswith(WEAK) and " " not in version
    known = last_modified != EPOCH
    return SourcePin(
        etag=version if strong else "",
        size=size,
        modified=int(last_modified.timestamp()) * NANOSECONDS_PER_SECOND if known else None,
    )
