"""A real OpenStack Swift with its S3 interface, on one machine: the everyday store of the tests."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.servers.stores import Store

START_S = 30.0

CONFIG = """
[swift-hash]
swift_hash_path_prefix = tests
swift_hash_path_suffix = tests
[storage-policy:0]
name = one
default = yes
"""

PART = """
[DEFAULT]
swift_dir = {folder}
devices = {folder}/devices
mount_check = false
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
user = {user}
recon_cache_path = {folder}
log_level = WARNING
[pipeline:main]
pipeline = {name}-server
[app:{name}-server]
use = egg:swift#{name}
"""

FILTERS = "catch_errors gatekeeper listing_formats s3api tempauth copy bulk slo dlo"

PROXY = """
[DEFAULT]
swift_dir = {folder}
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
user = {user}
log_level = WARNING
[pipeline:main]
pipeline = {filters} proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
"""

S3 = """
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
s3_acl = false
"""

USERS = """
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
"""


def bound() -> socket.socket:
    """Returns a socket that holds a port of its own."""
    held = socket.socket()
    held.bind(("127.0.0.1", 0))
    return held


def configure(folder: Path, ports: dict[str, int]) -> None:
    """Writes the configuration and the rings of all parts."""
    user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
    (folder / "devices/d1").mkdir(parents=True)
    (folder / "swift.conf").write_text(CONFIG)
    for name in ("account", "container", "object"):
        text = PART.format(folder=folder, port=ports[name], name=name, user=user)
        (folder / f"{name}.conf").write_text(text)
        ring(folder / f"{name}.builder", ports[name])
    filters = [name for name in FILTERS.split() if name not in ("s3api", "tempauth")]
    text = PROXY.format(folder=folder, port=ports["proxy"], user=user, filters=FILTERS)
    text += S3 + USERS + "".join(f"[filter:{name}]\nuse = egg:swift#{name}\n" for name in filters)
    (folder / "proxy.conf").write_text(text)


RING = """
import sys
from swift.common.ring import RingBuilder
path, port = sys.argv[1:]
builder = RingBuilder(2, 1, 0)
builder.add_dev({"id": 0, "region": 1, "zone": 1, "ip": "127.0.0.1", "port": int(port),
                 "device": "d1", "weight": 1, "meta": ""})
builder.rebalance()
builder.get_ring().save(path.replace(".builder", ".ring.gz"))
"""


def ring(path: Path, port: int) -> None:
    """Writes the ring of one part: all of it is on one device."""
    subprocess.run([sys.executable, "-c", RING, path, str(port)], check=True, capture_output=True)


@contextlib.contextmanager
def running_swift(folder: Path) -> Iterator[Store]:
    """Runs a Swift while the block lasts."""
    names = ("account", "container", "object", "proxy")
    sockets = {name: bound() for name in names}
    ports = {name: held.getsockname()[1] for name, held in sockets.items()}
    configure(folder, ports)
    for held in sockets.values():
        held.close()
    environment = {**os.environ, "SWIFT_DIR": str(folder), "PYTHONWARNINGS": "ignore"}
    with contextlib.ExitStack() as stack:
        log = stack.enter_context((folder / "log").open("wb"))
        for name in names:
            process = subprocess.Popen(
                [Path(sys.executable).with_name(f"swift-{name}-server"), folder / f"{name}.conf"],
                stdout=log,
                stderr=log,
                env=environment,
            )
            stack.callback(process.wait)
            stack.callback(process.kill)
        for port in ports.values():
            await_port(port, folder / "log")
        yield Store(f"http://127.0.0.1:{ports['proxy']}", "test:tester", "testing")


def await_port(port: int, log: Path) -> None:
    """Returns once somebody listens."""
    give_up = time.monotonic() + START_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > give_up:
                raise AssertionError(f"nothing listens:\n{log.read_text()}") from None
            time.sleep(0.05)


@pytest.fixture(scope="session")
def swift(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A Swift that the tests share; each has buckets of its own in it."""
    with running_swift(tmp_path_factory.mktemp("swift")) as store:
        yield store
