"""Opening objects of S3-compatible stores. Loading this module loads aiobotocore."""

from __future__ import annotations

from dataclasses import replace

from framecap.source.address import ObjectAddress
from framecap.source.budget import Budget
from framecap.source.opened import OpenSource
from framecap.source.pin import SourcePin
from framecap.source.references import resolve
from framecap.source.remote import RemoteLimits, RemoteName, RemoteReader
from framecap.storage.s3.bucket import S3Bucket
from framecap.storage.s3.clients import S3Clients
from framecap.storage.s3.reading import S3Origin


class S3Objects:
    """Opens objects of S3-compatible stores.

    Args:
        clients: The stores' clients; the caller closes them.
        limits: Bounds on each source.
    """

    def __init__(self, clients: S3Clients, limits: RemoteLimits) -> None:
        self._clients = clients
        self._limits = limits

    async def open(self, address: ObjectAddress, bucket: S3Bucket) -> OpenSource:
        """Returns the open object; the caller must close it.

        Raises:
            BucketNotFound: There is no such bucket.
            SourceNotFound: There is no such object in it.
            SourceNotAllowed: It may not be read.
            SourceUnreachable: It could not be opened, for now.
        """
        budget = Budget(self._limits.max_read_bytes, self._clients.statistics)
        source = await self._open(address, bucket, self._limits, budget)

        async def refer(reference: str) -> OpenSource:
            other = replace(address, key=resolve(address.key, reference))
            return await self._open(other, bucket, self._limits.of_nested, budget)

        source.refer = refer
        return source

    async def pin(self, address: ObjectAddress, bucket: S3Bucket) -> SourcePin:
        """Returns the version of an object after one request.

        Raises:
            CaptureError: As `open`.
        """
        budget = Budget(self._limits.max_read_bytes, self._clients.statistics)
        return await self._reader(address, bucket, self._limits, budget).pin()

    async def _open(
        self, address: ObjectAddress, bucket: S3Bucket, limits: RemoteLimits, budget: Budget
    ) -> OpenSource:
        return await self._reader(address, bucket, limits, budget).open()

    def _reader(
        self, address: ObjectAddress, bucket: S3Bucket, limits: RemoteLimits, budget: Budget
    ) -> RemoteReader:
        name = RemoteName(public_name=address.public_name, bucket=address.bucket, key=address.key)
        origin = S3Origin(self._clients, bucket, address.key)
        return RemoteReader(origin, name, limits, budget)
