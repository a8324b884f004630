"""The check of the addresses that web servers have, at the moment of each connection."""

from __future__ import annotations

import ipaddress
from socket import AddressFamily

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from framecap.storage.web.hosts import Hosts, is_public


class PrivateAddress(OSError):
    """A host has a private address, which is not allowed for it."""


class CheckedResolver(AbstractResolver):
    """Drops the private addresses of a name, unless its host is allowed to have them.

    Args:
        hosts: The allowed hosts.
    """

    def __init__(self, hosts: Hosts) -> None:
        self._hosts = hosts
        self._names = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: AddressFamily = AddressFamily.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Returns the addresses of a name.

        Raises:
            PrivateAddress: None of them is allowed.
        """
        found = await self._names.resolve(host, port, family)
        if self._hosts.may_be_private(host, port):
            return found
        public = [entry for entry in found if is_public(entry["host"])]
        if not public:
            raise PrivateAddress
        return public

    async def close(self) -> None:
        """Closes the resolver of names."""
        await self._names.close()


def check_digits(hosts: Hosts, host: str, port: int) -> None:
    """Returns if a host is a name, or an allowed address; addresses are not resolved.

    Raises:
        PrivateAddress: It is a private address that is not allowed.
    """
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return
    if not (is_public(host) or hosts.may_be_private(host, port)):
        raise PrivateAddress
