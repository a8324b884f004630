"""A source that is open, and who opens it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self, TypeVar

AddressT_contra = TypeVar("AddressT_contra", contravariant=True)


@dataclass(slots=True, kw_only=True, eq=False)
class OpenSource:
    """Owns one descriptor, read-only, on a regular file. Close it, or use it with `async with`.

    The file stays readable as it was found even when another takes its name meanwhile.
    """

    fd: int
    """The descriptor; -1 once closed."""

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
