"""The stores of sources and images: buckets, S3-compatible stores and web servers."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from framecap.sink.naming import Naming
from framecap.sink.payloads import Sink
from framecap.source.address import ObjectAddress, UrlAddress
from framecap.source.opened import OpenSource
from framecap.storage.buckets import Bucket, Buckets, DirectoryBucket, S3Bucket
from framecap.storage.buckets_file import read_buckets
from framecap.storage.directory.writing import directory_bucket_sink, sweep_directory
from framecap.storage.objects import Objects
from framecap.storage.settings import StorageSettings
from framecap.storage.web.hosts import Hosts
from framecap.transport.request_statistics import NoRequestStatistics, RequestStatistics

if TYPE_CHECKING:
    from framecap.storage.s3.backend import S3
    from framecap.storage.web.backend import WebBackend


class Stores:
    """Opens sources and sinks in stores, and loads the modules of S3 and web at their first use.

    Close it.

    Args:
        data: The data directory.
        settings: The storage settings.
        statistics: Receives the figures of requests.

    Raises:
        BucketsInvalid: The file that configures buckets cannot be used.
    """

    def __init__(
        self,
        data: Path,
        settings: StorageSettings | None = None,
        statistics: RequestStatistics | None = None,
    ) -> None:
        self._settings = settings or StorageSettings()
        configured: Mapping[str, Bucket] = {}
        if self._settings.buckets is not None:
            configured = read_buckets(self._settings.buckets)
        self.buckets: Final = Buckets(data, configured)
        self.objects: Final = Objects(self.buckets, self._open_remote)
        hosts = (self._settings.allow_host, self._settings.allow_private_host)
        self.urls: Final = self if any(hosts) else None
        self._hosts = Hosts(*hosts)
        self._statistics = statistics or NoRequestStatistics()
        self._web: WebBackend | None = None
        self._s3_backend: S3 | None = None

    async def start(self) -> None:
        """Prepares for a service: removes the half-written files and uploads of killed ones.

        Raises:
            OSError: A directory cannot be swept.
        """
        for root in self.buckets.roots:
            sweep_directory(root)
        if self.buckets.s3:
            await self._s3.start(self.buckets.s3)

    def sink(self, naming: Naming) -> Sink:
        """Returns the sink of one capture; the caller must close it."""
        assert naming.bucket is not None
        match self.buckets.find(naming.bucket):
            case DirectoryBucket() as bucket:
                return directory_bucket_sink(bucket, naming)
            case S3Bucket() as bucket:
                return self._s3.sink(bucket, naming)

    async def open(self, address: UrlAddress) -> OpenSource:
        """Returns the open file of a web server; the caller must close it.

        Raises:
            CaptureError: It cannot be read.
        """
        if self._web is None:
            module = importlib.import_module("framecap.storage.web.backend")
            self._web = module.WebBackend(self._settings, self._hosts, self._statistics)
        return await self._web.open(address)

    async def close(self) -> None:
        """Closes all connections."""
        if self._web is not None:
            await self._web.close()
        if self._s3_backend is not None:
            await self._s3_backend.close()

    async def _open_remote(self, address: ObjectAddress, bucket: S3Bucket) -> OpenSource:
        return await self._s3.open(address, bucket)

    @property
    def _s3(self) -> S3:
        if self._s3_backend is None:
            module = importlib.import_module("framecap.storage.s3.backend")
            self._s3_backend = module.S3(self._settings, self._statistics)
        return self._s3_backend
