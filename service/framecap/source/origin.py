"""The protocol of remote objects that are read in ranges."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias

Chunks: TypeAlias = AsyncGenerator[bytes]
"""Bytes in order, in pieces of any size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The facts of an object at its opening."""

    size: int
    """Bytes."""

    etag: str
    """The version; a different one means different bytes; empty if the store reports none."""

    last_modified: datetime
    """The time of its last change, in UTC."""


class Origin(Protocol):
    """One object of a store, or one file of a web server."""

    def open(self, length: int) -> AbstractAsyncContextManager[tuple[Found, Chunks]]:
        """Requests the first `length` bytes; yields the facts of the object, and the bytes.

        Raises:
            StoreFault: The store did not answer with them.
        """

    def read(self, found: Found, start: int, end: int) -> AbstractAsyncContextManager[Chunks]:
        """Requests the bytes in [start, end) of the object that `open` found.

        Raises:
            StoreFault: The store did not answer with them; `CHANGED` when the object is no longer
                the one that was found.
        """
