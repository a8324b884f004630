"""The row of the web servers whose files may be sources."""

from __future__ import annotations

import importlib
from typing import Final

from framecap.storage.kind import UrlKind, UrlStore
from framecap.storage.settings import StorageSettings
from framecap.storage.web.hosts import Hosts
from framecap.transport.request_statistics import RequestStatistics


def _make(settings: StorageSettings, statistics: RequestStatistics) -> UrlStore:
    # Not imported above: aiohttp takes some 0.2 s.
    module = importlib.import_module("framecap.storage.web.backend")
    hosts = Hosts(settings.allow_host, settings.allow_private_host)
    store: UrlStore = module.WebStore(settings, hosts, statistics)
    return store


WEB: Final = UrlKind(
    scheme="https",
    is_allowed=lambda settings: bool(settings.allow_host or settings.allow_private_host),
    make=_make,
)
