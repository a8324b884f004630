"""The opener of all sources, by the kind of address."""

from __future__ import annotations

from framecap.source.address import FileAddress, ObjectAddress, SourceAddress, UrlAddress
from framecap.source.opened import OpenSource, SourceOpener
from framecap.source.refusals import not_allowed


class Sources:
    """Opens a source with the opener for its kind of address. It refuses kinds without an opener.

    Args:
        objects: Opens `bucket/key`, `s3://` and `oss://`.
        files: Opens paths.
        urls: Opens `https://`.
    """

    def __init__(
        self,
        *,
        objects: SourceOpener[ObjectAddress] | None = None,
        files: SourceOpener[FileAddress] | None = None,
        urls: SourceOpener[UrlAddress] | None = None,
    ) -> None:
        self._objects = objects
        self._files = files
        self._urls = urls

    async def open(self, address: SourceAddress) -> OpenSource:
        """Returns the open source; the caller must close it.

        Raises:
            SourceNotFound: There is nothing at the address.
            BucketNotFound: There is no such bucket.
            SourceNotAllowed: The address lies outside the allowed sources.
            SourceUnreachable: It could not be read, for now.
        """
        match address:
            case ObjectAddress() if self._objects:
                return await self._objects.open(address)
            case FileAddress() if self._files:
                return await self._files.open(address)
            case UrlAddress() if self._urls:
                return await self._urls.open(address)
        raise not_allowed(address.public_name, _refusal(address))


def _refusal(address: SourceAddress) -> str:
    match address:
        case ObjectAddress():
            return "is in a bucket, and there are no buckets here"
        case FileAddress():
            return "is a file path; none may be read unless the operator allows its directory"
        case UrlAddress():
            return "is a web address; none are read here"
