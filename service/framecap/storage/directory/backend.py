"""The store of buckets that are directories."""

from __future__ import annotations

from collections.abc import Sequence

from framecap.sink.naming import Naming
from framecap.sink.payloads import Sink
from framecap.source.address import ObjectAddress
from framecap.source.opened import OpenSource, pinned
from framecap.source.pin import SourcePin
from framecap.storage.directory.bucket import DirectoryBucket
from framecap.storage.directory.reading import open_object
from framecap.storage.directory.writing import directory_bucket_sink, sweep_directory


class DirectoryStore:
    """Reads and writes objects that are files."""

    async def start(self, buckets: Sequence[DirectoryBucket]) -> None:
        """Removes the half-written files of killed services.

        Raises:
            OSError: A directory cannot be swept.
        """
        for bucket in buckets:
            sweep_directory(bucket.root)

    async def open(self, address: ObjectAddress, bucket: DirectoryBucket) -> OpenSource:
        """Returns the open object; see `open_object`."""
        return await open_object(address, bucket)

    async def pin(self, address: ObjectAddress, bucket: DirectoryBucket) -> SourcePin:
        """Returns the version of an object; it is opened and not read."""
        return await pinned(open_object(address, bucket))

    def sink(self, bucket: DirectoryBucket, naming: Naming) -> Sink:
        """Returns the sink of one capture; the caller must close it."""
        return directory_bucket_sink(bucket, naming)

    async def close(self) -> None:
        """Does nothing: files are closed with their source or sink."""
