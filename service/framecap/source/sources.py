"""The opener of all sources, by the scheme of their address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from framecap.source.address import FileAddress, ObjectAddress, SourceAddress, UrlAddress
from framecap.source.opened import OpenSource, SourceOpener
from framecap.source.refusals import not_allowed


class Sources:
    """Opens a source with the opener for its scheme. It refuses schemes without an opener.

    Args:
        openers: The openers by scheme: `https`, `file`, those of buckets, and `` for an address
            without one.
    """

    def __init__(self, openers: Mapping[str, SourceOpener[Any]]) -> None:
        self._openers = dict(openers)

    async def open(self, address: SourceAddress) -> OpenSource:
        """Returns the open source; the caller must close it.

        Raises:
            SourceNotFound: There is nothing at the address.
            BucketNotFound: There is no such bucket.
            SourceNotAllowed: The address lies outside the allowed sources.
            SourceUnreachable: It could not be read, for now.
        """
        opener = self._openers.get(address.scheme)
        if opener is None:
            raise not_allowed(address.public_name, _refusal(address))
        return await opener.open(address)


def _refusal(address: SourceAddress) -> str:
    match address:
        case ObjectAddress():
            return "is in a bucket, and there are no buckets here"
        case FileAddress():
            return "is a file path; none may be read unless the operator allows its directory"
        case UrlAddress():
            return "is a web address; none are read here"
