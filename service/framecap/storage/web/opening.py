"""Opening files of web servers. Loading this module loads aiohttp."""

from __future__ import annotations

import posixpath
import re
from urllib.parse import unquote, urljoin, urlsplit

from framecap.model.names import printable
from framecap.source.address import UrlAddress
from framecap.source.budget import Budget
from framecap.source.opened import OpenSource
from framecap.source.pin import SourcePin
from framecap.source.references import refused, resolve
from framecap.source.refusals import not_allowed
from framecap.source.remote import RemoteLimits, RemoteName, RemoteReader
from framecap.storage.web.hosts import HTTPS_PORT, Hosts
from framecap.storage.web.reading import Web, WebOrigin


class WebFiles:
    """Opens files of allowed hosts.

    Args:
        web: The connections; the caller closes them.
        hosts: The hosts.
        limits: Bounds on each source.
    """

    def __init__(self, web: Web, hosts: Hosts, limits: RemoteLimits) -> None:
        self._web = web
        self._hosts = hosts
        self._limits = limits

    async def open(self, address: UrlAddress) -> OpenSource:
        """Returns the open file; the caller must close it.

        Raises:
            SourceNotFound: There is no such file.
            SourceNotAllowed: It may not be read.
            SourceUnreachable: It could not be opened, for now.
        """
        budget = Budget(self._limits.max_read_bytes, self._web.statistics)
        source = await self._open(address, self._limits, budget)
        base = urlsplit(address.public_name)

        async def refer(reference: str) -> OpenSource:
            # `resolve` only checks; the URL keeps the reference as written, since a server may
            # distinguish spellings.
            resolve(base.path.lstrip("/"), reference)
            other = urljoin(address.public_name, reference)
            public = urljoin(address.public_name, re.split("[?#]", reference, maxsplit=1)[0])
            if urlsplit(other)[:2] != base[:2]:
                raise refused(reference, "is on another host")
            return await self._open(UrlAddress(other, public), self._limits.of_nested, budget)

        source.refer = refer
        return source

    async def pin(self, address: UrlAddress) -> SourcePin:
        """Returns the version of a file after one request.

        Raises:
            CaptureError: As `open`.
        """
        budget = Budget(self._limits.max_read_bytes, self._web.statistics)
        return await self._reader(address, self._limits, budget).pin()

    async def _open(self, address: UrlAddress, limits: RemoteLimits, budget: Budget) -> OpenSource:
        return await self._reader(address, limits, budget).open()

    def _reader(self, address: UrlAddress, limits: RemoteLimits, budget: Budget) -> RemoteReader:
        parts = urlsplit(address.public_name)
        if not self._hosts.allow(parts.hostname or "", parts.port or HTTPS_PORT):
            raise not_allowed(address.public_name, "is on a host that the operator did not allow")
        key = printable(unquote(posixpath.basename(parts.path))) or (parts.hostname or "")
        name = RemoteName(public_name=address.public_name, bucket=None, key=key)
        origin = WebOrigin(self._web, address.url)
        return RemoteReader(origin, name, limits, budget)
