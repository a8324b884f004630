"""Objects of all buckets, each opened by its bucket's store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from framecap.source.address import ObjectAddress
from framecap.source.opened import OpenSource
from framecap.source.pin import SourcePin
from framecap.storage.bucket import Bucket
from framecap.storage.buckets import Buckets
from framecap.storage.kind import BucketStore


class Objects:
    """Opens the objects of all buckets.

    Args:
        buckets: The buckets.
        store_of: Returns the store of a bucket.
    """

    def __init__(self, buckets: Buckets, store_of: Callable[[Bucket], BucketStore[Any]]) -> None:
        self._buckets = buckets
        self._store_of = store_of

    async def open(self, address: ObjectAddress) -> OpenSource:
        """Returns the open object; the caller must close it.

        Raises:
            BucketNotFound: There is no such bucket.
            SourceNotFound: There is no such object in it.
            SourceNotAllowed: It may not be read.
            SourceUnreachable: It could not be opened, for now.
        """
        bucket = self._buckets.find(address.bucket)
        return await self._store_of(bucket).open(address, bucket)

    async def pin(self, address: ObjectAddress) -> SourcePin:
        """Returns the version of an object after one request to its store.

        Raises:
            CaptureError: As `open`.
        """
        bucket = self._buckets.find(address.bucket)
        return await self._store_of(bucket).pin(address, bucket)
