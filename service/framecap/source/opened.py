"""Open sources, and the protocols of their openers and readers."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self, TypeAlias, TypeVar

from framecap.source.pin import SourcePin, pin_of_file, pin_of_object

AddressT_contra = TypeVar("AddressT_contra", contravariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """The cost of reading a remote source so far."""

    bytes: int
    """Fetched bytes."""

    requests: int
    """Sent requests."""

    seconds: float
    """Time spent waiting for reads, summed over concurrent ones."""


class Reader(Protocol):
    """Reads ranges of a remote source."""

    @property
    def traffic(self) -> Traffic:
        """The cost of reading so far."""

    async def read(self, offset: int, length: int, *, until: int = 0) -> bytes:
        """Returns the bytes from `offset`; fewer than `length` only at the source's end.

        Args:
            offset: The offset of the first byte.
            length: The number of bytes.
            until: The offset at which sequential reading is going to stop; 0 when unknown.

        Raises:
            CaptureError: They cannot be read.
        """
        ...

    async def close(self) -> None:
        """Cancels all fetches. Closing again does nothing."""


Refer: TypeAlias = "Callable[[str], Awaitable[OpenSource]]"


@dataclass(slots=True, kw_only=True, eq=False)
class OpenSource:
    """Owns the descriptor or the reader of a source. Use it with `async with`.

    A local source has a read-only descriptor of a regular file, which stays readable even if
    another file replaces it meanwhile. A remote source has a reader instead.
    """

    fd: int
    """The descriptor; -1 once closed, and for a remote source."""

    size: int
    """Bytes."""

    bucket: str | None
    """The bucket; None for a path."""

    key: str
    """The object's key; the file's name for a path. Object names of images are made of it."""

    last_modified: datetime
    """The time of the last change of the bytes, in UTC, to the second."""

    etag: str
    """The version; a different one means different bytes."""

    public_name: str
    """The source's name in events and logs."""

    reader: Reader | None = None
    """The reader of a remote source; None for a local one."""

    refer: Refer | None = None
    """Opens a file that this one refers to, by the reference; None if references are refused."""

    file: os.stat_result | None = None
    """The facts of a local file at its opening; None for a remote source."""

    @property
    def pin(self) -> SourcePin:
        """The version that is open."""
        if self.file is not None:
            return pin_of_file(self.file)
        return pin_of_object(self.etag, self.size, self.last_modified)

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
        """Returns the open source; the caller must close it.

        Raises:
            SourceNotFound: There is nothing at the address.
            BucketNotFound: There is no such bucket.
            SourceNotAllowed: The address lies outside the allowed sources.
            SourceUnreachable: It could not be read, for now.
        """
        ...

    async def pin(self, address: AddressT_contra) -> SourcePin:
        """Returns the version of the source after one request to its store, without reading it.

        Raises:
            CaptureError: As `open`.
        """
        ...


async def pinned(opening: Awaitable[OpenSource]) -> SourcePin:
    """Returns the version of a source that costs nothing to open."""
    async with await opening as source:
        return source.pin
