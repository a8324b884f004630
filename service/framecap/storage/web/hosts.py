"""The web servers that the operator allowed."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Final

HTTPS_PORT: Final = 443

# NAT64: addresses that embed an IPv4 address, which could be private.
_TRANSLATED: Final = ipaddress.ip_network("64:ff9b::/96")


class Hosts:
    """The hosts that an operator allowed: `example.org`, `*.example.org`, `example.org:8443`.

    Args:
        public: Hosts that are allowed at public addresses only.
        private: Hosts that are allowed at any address.
    """

    def __init__(self, public: Iterable[str] = (), private: Iterable[str] = ()) -> None:
        self._private = frozenset(map(_normal, private))
        self._all = frozenset(map(_normal, public)) | self._private

    def allow(self, host: str, port: int) -> bool:
        """Returns whether a host is allowed."""
        return bool(_patterns(host, port) & self._all)

    def may_be_private(self, host: str, port: int) -> bool:
        """Returns whether a host is allowed at a private address."""
        return bool(_patterns(host, port) & self._private)


def is_public(address: str) -> bool:
    """Returns whether an IP address is public."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return is_public(str(ip.ipv4_mapped))
        if ip.sixtofour is not None or ip.teredo is not None or ip in _TRANSLATED:
            return False
    return ip.is_global and not ip.is_multicast


def _normal(pattern: str) -> str:
    host, colon, port = pattern.lower().rpartition(":")
    if colon and port.isdecimal() and not host.endswith(":"):
        return f"{host.rstrip('.')}:{port}"
    return f"{pattern.lower().rstrip('.')}:{HTTPS_PORT}"


def _patterns(host: str, port: int) -> set[str]:
    """Returns all patterns that match a host."""
    host = host.lower().rstrip(".")
    _, *labels = host.split(".")
    parents = (".".join(labels[at:]) for at in range(len(labels)))
    return {f"{host}:{port}", *(f"*.{parent}:{port}" for parent in parents)}
