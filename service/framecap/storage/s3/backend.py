"""The S3 backend of captures. Loading this module loads aiobotocore."""

from __future__ import annotations

from collections.abc import Sequence

from framecap.sink.naming import Naming
from framecap.sink.payloads import Sink
from framecap.source.address import ObjectAddress
from framecap.source.opened import OpenSource
from framecap.source.pin import SourcePin
from framecap.source.remote import RemoteLimits
from framecap.storage.s3.bucket import S3Bucket
from framecap.storage.s3.clients import S3Clients
from framecap.storage.s3.opening import S3Objects
from framecap.storage.s3.writing import abort_old_uploads, s3_sink
from framecap.storage.settings import StorageSettings
from framecap.transport.request_statistics import RequestStatistics


class S3Store:
    """Reads and writes objects of S3-compatible stores. Close it.

    Args:
        settings: The storage settings.
        statistics: Receives the figures of requests.
    """

    def __init__(self, settings: StorageSettings, statistics: RequestStatistics) -> None:
        self._settings = settings
        self._clients = S3Clients(statistics)
        limits = RemoteLimits(
            max_read_bytes=settings.max_read_bytes, cache_bytes=settings.read_cache_bytes
        )
        self._objects = S3Objects(self._clients, limits)

    async def start(self, buckets: Sequence[S3Bucket]) -> None:
        """Creates the clients, and aborts uploads that killed services left open."""
        await abort_old_uploads(self._clients, buckets)

    async def open(self, address: ObjectAddress, bucket: S3Bucket) -> OpenSource:
        """Returns the open object; the caller must close it.

        Raises:
            CaptureError: It cannot be read.
        """
        return await self._objects.open(address, bucket)

    async def pin(self, address: ObjectAddress, bucket: S3Bucket) -> SourcePin:
        """Returns the version of an object after one request.

        Raises:
            CaptureError: It cannot be read.
        """
        return await self._objects.pin(address, bucket)

    def sink(self, bucket: S3Bucket, naming: Naming) -> Sink:
        """Returns the sink of one capture; the caller must close it."""
        return s3_sink(self._clients, bucket, naming, uploads=self._settings.uploads)

    async def close(self) -> None:
        """Closes all connections."""
        await self._clients.close()
