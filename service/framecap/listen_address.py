"""Addresses that the service listens at."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

MAX_PORT = 65535


@dataclass(frozen=True, slots=True)
class Address:
    """An address to listen at: a host and a port, or the path of a Unix socket."""

    host: str
    """A host name or an IP address; empty for a Unix socket."""

    port: int
    """The port; 0 lets the system choose."""

    path: str = ""
    """The path of a Unix socket; empty for TCP."""

    @classmethod
    def parse(cls, text: str) -> Address:
        """Returns the address that `host:port`, `[host]:port` or `unix:path` names.

        Raises:
            ValueError: It names none; the message has an example.
        """
        if text.startswith("unix:"):
            path = text.removeprefix("unix:")
            if not path:
                raise ValueError(f'"{text}" names no socket (example: unix:/run/framecap.sock)')
            return cls("", 0, path)
        host, colon, port = text.rpartition(":")
        host = host.removeprefix("[").removesuffix("]") if host.startswith("[") else host
        if not colon or not host or (":" in host and f"[{host}]" not in text):
            raise ValueError(f'"{text}" is not host:port (example: 127.0.0.1:50051)')
        if not (port.isascii() and port.isdecimal() and int(port) <= MAX_PORT):
            raise ValueError(f'the port "{port}" is not in 0..{MAX_PORT} (example: 50051)')
        return cls(host, int(port))

    @property
    def local(self) -> bool:
        """True when only this machine can connect to it."""
        if self.path or self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        if self.path:
            return f"unix:{self.path}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
