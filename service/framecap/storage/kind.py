"""The interfaces of a store, and the row by which the registry knows a kind of store."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from framecap.sink.naming import Naming
from framecap.sink.payloads import Sink
from framecap.source.address import ObjectAddress, UrlAddress
from framecap.source.opened import OpenSource
from framecap.source.pin import SourcePin
from framecap.storage.bucket import Bucket
from framecap.storage.bucket_table import BucketTable
from framecap.storage.settings import StorageSettings
from framecap.transport.request_statistics import RequestStatistics

BucketT_contra = TypeVar("BucketT_contra", bound=Bucket, contravariant=True)


class BucketStore(Protocol[BucketT_contra]):
    """Reads and writes the objects of one kind of bucket. Close it."""

    async def start(self, buckets: Sequence[BucketT_contra]) -> None:
        """Prepares for a service: removes what killed services left half-written.

        Args:
            buckets: The configured buckets of this kind.

        Raises:
            OSError: A bucket cannot be prepared.
        """

    async def open(self, address: ObjectAddress, bucket: BucketT_contra) -> OpenSource:
        """Returns the open object; the caller must close it.

        Raises:
            BucketNotFound: There is no such bucket.
            SourceNotFound: There is no such object in it.
            SourceNotAllowed: It may not be read.
            SourceUnreachable: It could not be opened, for now.
        """
        ...

    async def pin(self, address: ObjectAddress, bucket: BucketT_contra) -> SourcePin:
        """Returns the version of an object after one request, without reading it.

        Raises:
            CaptureError: As `open`.
        """
        ...

    def sink(self, bucket: BucketT_contra, naming: Naming) -> Sink:
        """Returns the sink of one capture's images; the caller must close it."""
        ...

    async def close(self) -> None:
        """Closes all connections."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketKind:
    """One kind of bucket."""

    bucket: type[Bucket]
    """The class of its buckets."""

    distinctive: tuple[str, ...]
    """The keys of which a table in the file of buckets has at least one if it is of this kind."""

    keys: Mapping[str, type[Any]]
    """All keys that its tables may have, and the types of their values."""

    read: Callable[[BucketTable], Bucket]
    """Returns the bucket that a table describes; raises `BucketsInvalid` where it cannot."""

    make: Callable[[StorageSettings, RequestStatistics], BucketStore[Any]]
    """Returns the store of all its buckets; called at the first use, so it may load libraries."""

    schemes: tuple[str, ...] = ()
    """Schemes by which addresses may name objects, besides those that all buckets have."""


class UrlStore(Protocol):
    """Reads files by their URLs. Close it."""

    async def open(self, address: UrlAddress) -> OpenSource:
        """Returns the open file; the caller must close it.

        Raises:
            SourceNotFound: There is no such file.
            SourceNotAllowed: It may not be read.
            SourceUnreachable: It could not be opened, for now.
        """
        ...

    async def pin(self, address: UrlAddress) -> SourcePin:
        """Returns the version of a file after one request, without reading it.

        Raises:
            CaptureError: As `open`.
        """
        ...

    async def close(self) -> None:
        """Closes all connections."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlKind:
    """One kind of server whose files have URLs."""

    scheme: str
    """The scheme of its URLs."""

    is_allowed: Callable[[StorageSettings], bool]
    """Returns whether the operator allows any of its servers."""

    make: Callable[[StorageSettings, RequestStatistics], UrlStore]
    """Returns the store; called at the first use, so it may load libraries."""
