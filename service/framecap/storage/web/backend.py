"""The web backend of captures. Loading this module loads aiohttp."""

from __future__ import annotations

from framecap.source.address import UrlAddress
from framecap.source.opened import OpenSource
from framecap.source.pin import SourcePin
from framecap.source.remote import RemoteLimits
from framecap.storage.settings import StorageSettings
from framecap.storage.web.hosts import Hosts
from framecap.storage.web.opening import WebFiles
from framecap.storage.web.reading import Web
from framecap.transport.request_statistics import RequestStatistics


class WebStore:
    """Reads files of web servers. Close it.

    Args:
        settings: The storage settings.
        hosts: The allowed hosts.
        statistics: Receives the figures of requests.
    """

    def __init__(
        self, settings: StorageSettings, hosts: Hosts, statistics: RequestStatistics
    ) -> None:
        self._web = Web(hosts, statistics)
        limits = RemoteLimits(
            max_read_bytes=settings.max_read_bytes, cache_bytes=settings.read_cache_bytes
        )
        self._files = WebFiles(self._web, hosts, limits)

    async def open(self, address: UrlAddress) -> OpenSource:
        """Returns the open file; the caller must close it.

        Raises:
            CaptureError: It cannot be read.
        """
        return await self._files.open(address)

    async def pin(self, address: UrlAddress) -> SourcePin:
        """Returns the version of a file after one request.

        Raises:
            CaptureError: It cannot be read.
        """
        return await self._files.pin(address)

    async def close(self) -> None:
        """Closes all connections."""
        await self._web.close()
