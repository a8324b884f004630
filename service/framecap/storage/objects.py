"""Objects of buckets: of local directories and of S3-compatible stores."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from framecap.source.address import ObjectAddress
from framecap.source.opened import OpenSource
from framecap.storage.buckets import Buckets, DirectoryBucket, S3Bucket
from framecap.storage.directory.reading import open_object

OpenRemote: TypeAlias = Callable[[ObjectAddress, S3Bucket], Awaitable[OpenSource]]


class Objects:
    """Opens the objects of all buckets.

    Args:
        buckets: The buckets.
        remote: Opens objects of S3-compatible stores; needed if such buckets are configured.
    """

    def __init__(self, buckets: Buckets, remote: OpenRemote | None = None) -> None:
        self._buckets = buckets
        self._remote = remote

    async def open(self, address: ObjectAddress) -> OpenSource:
        """Returns the open object; the caller must close it.

        Raises:
            BucketNotFound: There is no such bucket.
            SourceNotFound: There is no such object in it.
            SourceNotAllowed: It may not be read.
            SourceUnreachable: It could not be opened, for now.
        """
        match self._buckets.find(address.bucket):
            case DirectoryBucket() as bucket:
                return await open_object(address, bucket)
            case S3Bucket() as bucket:
                assert self._remote is not None
                return await self._remote(address, bucket)
