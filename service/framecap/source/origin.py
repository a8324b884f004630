"""Objects that are elsewhere, as those who read ranges of them see them."""

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
    """An object as it was when it was opened."""

    size: int
    """Bytes."""

    etag: str
    """Another one means other bytes; empty where the store tells none."""

    last_modified: datetime
    """When it last changed, in UTC."""


class Origin(Protocol):
    """One object of a store, or one file of a web server."""

    def open(self, length: int) -> AbstractAsyncContextManager[tuple[Found, Chunks]]:
        """Asks for the first `length` bytes; gives what was found, and the bytes.

        Raises:
            StoreFault: The store did not answer with them.
        """

    def read(self, found: Found, start: int, end: int) -> AbstractAsyncContextManager[Chunks]:
        """Asks for the bytes in [start, end) of what was found.

        Raises:
            StoreFault: The store did not answer with them; `CHANGED` when the object is no longer
                the one that was found.
        """
