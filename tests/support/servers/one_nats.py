"""One real nats-server."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.served import free_address
from support.servers.swift import await_port


@dataclass
class NatsServer:
    """A server that can be ended and started again, with what it has stored."""

    folder: Path
    options: tuple[str, ...]
    address: str
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its URL."""
        return f"nats://{self.address}"

    def start(self) -> None:
        """Starts it; returns once it takes connections."""
        host, _, port = self.address.partition(":")
        command = [Path(sys.executable).with_name("nats-server"), "-a", host, "-p", port]
        log = self.folder / "log"
        with log.open("ab") as output:
            self.process = subprocess.Popen([*command, *self.options], stdout=output, stderr=output)
        await_port(int(port), log)

    def kill(self) -> None:
        """Kills it."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@contextmanager
def running_nats(folder: Path, *options: str, jetstream: bool = True) -> Iterator[NatsServer]:
    """Runs a server while the block lasts."""
    storage = ("-js", "-sd", str(folder / "storage")) if jetstream else ()
    server = NatsServer(folder, (*storage, *options), free_address())
    server.start()
    try:
        yield server
    finally:
        server.kill()
