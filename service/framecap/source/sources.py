"""Sources, opened by the scheme of their address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from framecap.errors import SourceChanged
from framecap.model.names import shown
from framecap.source.address import FileAddress, ObjectAddress, SourceAddress, UrlAddress
from framecap.source.opened import OpenSource, SourceOpener
from framecap.source.pin import SourcePin
from framecap.source.refusals import not_allowed


class Sources:
    """Opens a source with the opener for its scheme. It refuses schemes without an opener.

    Args:
        openers: The openers by scheme: `https`, `file`, those of buckets, and `` for an address
            without one.
    """

    def __init__(self, openers: Mapping[str, SourceOpener[Any]]) -> None:
        self._openers = dict(openers)

    async def open(self, address: SourceAddress, pin: SourcePin | None = None) -> OpenSource:
        """Returns the open source; the caller must close it.

        Args:
            address: The address.
            pin: The only version that may be read; None for the present one.

        Raises:
            SourceChanged: There is another version than `pin`.
            SourceNotFound: There is nothing at the address.
            BucketNotFound: There is no such bucket.
            SourceNotAllowed: The address lies outside the allowed sources.
            SourceUnreachable: It could not be read, for now.
        """
        source = await self._opener(address).open(address)
        if pin is None:
            return source
        if not pin.admits(source.pin):
            async with source:
                raise _changed(address)
        if pin.etag:
            # Equal bytes may have been stored again since: names of images are to stay the same.
            source.last_modified = pin.last_modified or source.last_modified
        return source

    async def pin(self, address: SourceAddress) -> SourcePin:
        """Returns the version of a source after one request to its store, without reading it.

        Raises:
            CaptureError: As `open`.
        """
        return await self._opener(address).pin(address)

    def _opener(self, address: SourceAddress) -> SourceOpener[Any]:
        opener = self._openers.get(address.scheme)
        if opener is None:
            raise not_allowed(address.public_name, _refusal(address))
        return opener


def _changed(address: SourceAddress) -> SourceChanged:
    name = address.public_name
    return SourceChanged(
        f"source: {shown(name)} is no longer what it was when its task was created;"
        " retry the task to capture from it as it is now",
        metadata={"source": name},
    )


def _refusal(address: SourceAddress) -> str:
    match address:
        case ObjectAddress():
            return "is in a bucket, and there are no buckets here"
        case FileAddress():
            return "is a file path; none may be read unless the operator allows its directory"
        case UrlAddress():
            return "is a web address; none are read here"
