"""The stores of sources and images, found by the scheme of an address or by a bucket."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from framecap.sink.naming import Naming
from framecap.sink.payloads import Sink
from framecap.source.address import BARE, BUCKET_SCHEMES, UrlAddress
from framecap.source.opened import OpenSource, SourceOpener
from framecap.source.pin import SourcePin
from framecap.storage.bucket import Bucket
from framecap.storage.buckets import Buckets
from framecap.storage.buckets_file import read_buckets
from framecap.storage.kind import BucketKind, BucketStore, UrlKind, UrlStore
from framecap.storage.kinds import BUCKET_KINDS, URL_KINDS
from framecap.storage.objects import Objects
from framecap.storage.settings import StorageSettings
from framecap.transport.request_statistics import NoRequestStatistics, RequestStatistics


class Stores:
    """Opens sources and sinks in stores; makes each store at its first use. Close it.

    Args:
        data: The data directory.
        settings: The storage settings.
        statistics: Receives the figures of requests.
        bucket_kinds: The kinds of buckets.
        url_kinds: The kinds of servers whose files have URLs.

    Raises:
        BucketsInvalid: The file that configures buckets cannot be used.
    """

    def __init__(
        self,
        data: Path,
        settings: StorageSettings | None = None,
        statistics: RequestStatistics | None = None,
        *,
        bucket_kinds: Sequence[BucketKind] = BUCKET_KINDS,
        url_kinds: Sequence[UrlKind] = URL_KINDS,
    ) -> None:
        self._settings = settings or StorageSettings()
        self._statistics = statistics or NoRequestStatistics()
        configured: Mapping[str, Bucket] = {}
        if self._settings.buckets is not None:
            configured = read_buckets(self._settings.buckets, bucket_kinds)
        self.buckets: Final = Buckets(data, configured)
        self._kinds = {kind.bucket: kind for kind in bucket_kinds}
        self._made: dict[type[Bucket], BucketStore[Any]] = {}
        self._servers = [
            _UrlServers(kind, self._settings, self._statistics)
            for kind in url_kinds
            if kind.is_allowed(self._settings)
        ]
        self.bucket_schemes: Final = (
            *BUCKET_SCHEMES,
            *(scheme for kind in bucket_kinds for scheme in kind.schemes),
        )
        """The schemes of addresses that name an object of a bucket."""

    @property
    def openers(self) -> Mapping[str, SourceOpener[Any]]:
        """The openers of sources by the scheme of their address."""
        objects = Objects(self.buckets, self._store_of)
        return {
            **dict.fromkeys((BARE, *self.bucket_schemes), objects),
            **{servers.scheme: servers for servers in self._servers},
        }

    async def start(self) -> None:
        """Prepares for a service: removes the half-written files and uploads of killed ones.

        Raises:
            OSError: A directory cannot be swept.
        """
        for kind in self._kinds.values():
            if buckets := self.buckets.of(kind.bucket):
                await self._store_of(buckets[0]).start(buckets)

    def sink(self, naming: Naming) -> Sink:
        """Returns the sink of one capture; the caller must close it."""
        assert naming.bucket is not None
        bucket = self.buckets.find(naming.bucket)
        return self._store_of(bucket).sink(bucket, naming)

    async def close(self) -> None:
        """Closes all connections."""
        for servers in self._servers:
            await servers.close()
        for store in self._made.values():
            await store.close()

    def _store_of(self, bucket: Bucket) -> BucketStore[Any]:
        kind = type(bucket)
        if kind not in self._made:
            self._made[kind] = self._kinds[kind].make(self._settings, self._statistics)
        return self._made[kind]


class _UrlServers:
    """Opens files by URLs of one scheme; makes the store at its first use.

    Args:
        kind: The kind of servers.
        settings: The storage settings.
        statistics: Receives the figures of requests.
    """

    def __init__(
        self, kind: UrlKind, settings: StorageSettings, statistics: RequestStatistics
    ) -> None:
        self.scheme: Final = kind.scheme
        self._kind = kind
        self._settings = settings
        self._statistics = statistics
        self._store: UrlStore | None = None

    async def open(self, address: UrlAddress) -> OpenSource:
        """Returns the open file; the caller must close it.

        Raises:
            CaptureError: It cannot be read.
        """
        return await self._made().open(address)

    async def pin(self, address: UrlAddress) -> SourcePin:
        """Returns the version of a file after one request to its server.

        Raises:
            CaptureError: It cannot be read.
        """
        return await self._made().pin(address)

    def _made(self) -> UrlStore:
        if self._store is None:
            self._store = self._kind.make(self._settings, self._statistics)
        return self._store

    async def close(self) -> None:
        """Closes all connections."""
        if self._store is not None:
            await self._store.close()
