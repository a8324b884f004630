"""A real server of rclone's, which speaks S3 in a way of its own: the quirky store of the tests."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.servers.stores import Store
from support.servers.swift import await_port, bound

KEYS = ("tester", "testing1")


@contextlib.contextmanager
def running_rclone(folder: Path) -> Iterator[Store]:
    """Runs a server of a folder while the block lasts."""
    with bound() as held:
        port = held.getsockname()[1]
    (folder / "served").mkdir()
    command = [Path(sys.executable).with_name("rclone"), "serve", "s3", folder / "served"]
    options = ["--addr", f"127.0.0.1:{port}", "--auth-key", ",".join(KEYS), "--config", "/dev/null"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*command, *options], stdout=log, stderr=log)
        try:
            await_port(port, folder / "log")
            yield Store(f"http://127.0.0.1:{port}", *KEYS)
        finally:
            process.kill()
            process.wait()


@pytest.fixture(scope="session")
def rclone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A server of rclone's that the tests share; each has buckets of its own in it."""
    with running_rclone(tmp_path_factory.mktemp("rclone")) as store:
        yield store
