"""A source that is open, and who opens it."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self, TypeAlias, TypeVar

AddressT_contra = TypeVar("AddressT_contra", contravariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What reading a remote source has cost so far."""

    bytes: int
    """Bytes that were fetched."""

    requests: int
    """Requests that were made."""

    seconds: float
    """Time that was spent waiting for them, reads that wait side by side each counted."""


class Reader(Protocol):
    """Reads ranges of a source that is elsewhere."""

    @property
    def traffic(self) -> Traffic:
        """What reading has cost so far."""

    async def read(self, offset: int, length: int, *, until: int = 0) -> bytes:
        """Returns the bytes from `offset`; fewer than `length` only at the source's end.

        Args:
            offset: Where they begin.
            length: How many.
            until: Where who reads on means to stop; 0 where that is not known.

        Raises:
            CaptureError: They cannot be had.
        """
        ...

    async def close(self) -> None:
        """Ends whatever is being fetched. Closing again does nothing."""


Refer: TypeAlias = "Callable[[str], Awaitable[OpenSource]]"


@dataclass(slots=True, kw_only=True, eq=False)
class OpenSource:
    """Owns what a source is read by. Use it with `async with`.

    A local one is a descriptor, read-only, on a regular file, which stays readable as it was found
    even when another takes its name meanwhile. A remote one has a reader instead.
    """

    fd: int
    """The descriptor; -1 once closed, and for a remote source."""

    size: int
    """Bytes."""

    bucket: str | None
    """The bucket; None for a path."""

    key: str
    """The object's key; the file's name for a path. What the target's name is made of."""

    last_modified: datetime
    """When the bytes last changed, in UTC, to the second."""

    etag: str
    """Another one means other bytes."""

    public_name: str
    """The source as events and logs show it."""

    reader: Reader | None = None
    """What reads a remote source; None for a local one."""

    refer: Refer | None = None
    """Opens a file that this one refers to, by the reference; None where none may be."""

    @property
    def descriptor(self) -> int | None:
        """The descriptor of a local source; None for a remote one."""
        return self.fd if self.reader is None else None

    def close(self) -> None:
        """Closes the descriptor. Closing again does nothing."""
        fd, self.fd = self.fd, -1
        if fd >= 0:
            os.close(fd)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
        if self.reader is not None:
            await self.reader.close()


class SourceOpener(Protocol[AddressT_contra]):
    """Opens the sources of one kind of address."""

    async def open(self, address: AddressT_contra) -> OpenSource:
        """Returns the open source; who calls must close it.

        Raises:
            SourceNotFound: There is nothing at the address.
            BucketNotFound: There is no such bucket.
            SourceNotAllowed: The address lies outside what may be read.
            SourceUnreachable: It could not be read, for now.
        """
        ...
