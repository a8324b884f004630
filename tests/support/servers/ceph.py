"""A real Ceph object gateway over one monitor and one store in memory: the strictest of the tests.

Needs Debian's radosgw, ceph-mon, ceph-osd and ceph-common; it is up in some ten seconds.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.servers.stores import Store
from support.servers.swift import await_port, bound

TOOLS = ("radosgw", "radosgw-admin", "ceph-mon", "ceph-osd", "ceph", "monmaptool", "ceph-authtool")
KEYS = ("AKTEST", "SKTESTSECRET")
COMMAND_S = 60.0
STORE_BYTES = 1 << 30

CONFIG = """
[global]
fsid = {fsid}
mon host = v2:127.0.0.1:{monitor}/0
mon initial members = a
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon warn on pool no redundancy = false
run dir = {folder}/run
log file = {folder}/log/$name.log
admin socket = {folder}/run/$name.asok
pid file = {folder}/run/$name.pid
public addr = 127.0.0.1
cluster addr = 127.0.0.1
osd heartbeat grace = 60
osd objectstore = memstore
memstore device bytes = {bytes}
osd data = {folder}/osd
mon data = {folder}/mon
ms bind ipv6 = false
rgw frontends = beast endpoint=127.0.0.1:{gateway}
rgw dns name = localhost
rgw thread pool size = 32
keyring = {folder}/keyring
"""

# Who may do what: the monitor, its administrator, the gateway and the store.
RIGHTS = {
    "mon.": {"mon": "allow *"},
    "client.admin": {"mon": "allow *", "osd": "allow *", "mgr": "allow *"},
    "client.rgw.a": {"mon": "allow rw", "osd": "allow rwx"},
    "osd.0": {"mon": "allow profile osd", "osd": "allow *"},
}


class Cluster:
    """The folder of a cluster, and the commands that make and run its parts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.fsid = str(uuid.uuid4())
        with bound() as monitor, bound() as gateway:
            self.monitor, self.gateway = monitor.getsockname()[1], gateway.getsockname()[1]
        for name in ("mon", "osd", "run", "log"):
            (folder / name).mkdir()
        text = CONFIG.format(
            fsid=self.fsid,
            folder=folder,
            monitor=self.monitor,
            gateway=self.gateway,
            bytes=STORE_BYTES,
        )
        self.config = folder / "ceph.conf"
        self.config.write_text(text)

    def run(self, tool: str, *arguments: object, configured: bool = True) -> None:
        """Runs a command to its end."""
        options = ("-c", self.config) if configured else ()
        done = subprocess.run(
            [tool, *options, *map(str, arguments)],
            env={**os.environ, "CEPH_CONF": str(self.config)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=COMMAND_S,
        )
        assert done.returncode == 0, f"{tool}:\n{done.stdout}"

    @contextlib.contextmanager
    def running(self, *command: str) -> Iterator[None]:
        """Runs a server while the block lasts."""
        with (self.folder / "log" / f"{command[0]}.out").open("wb") as log:
            process = subprocess.Popen(
                [*command, "-c", self.config, "-f"], stdout=log, stderr=subprocess.STDOUT
            )
            try:
                yield
            finally:
                process.kill()
                process.wait()

    def make_keys(self) -> None:
        """Writes the keys of all parts, and the map with the one monitor in it."""
        keyring = self.folder / "keyring"
        for number, (name, rights) in enumerate(RIGHTS.items()):
            options = [] if number else ["--create-keyring"]
            for part, may in rights.items():
                options += ["--cap", part, may]
            self.run("ceph-authtool", *options, keyring, "--gen-key", "-n", name, configured=False)
        self.run(
            "monmaptool",
            *("--create", "--clobber", "--fsid", self.fsid),
            *("--addv", "a", f"[v2:127.0.0.1:{self.monitor}]", self.folder / "monmap"),
            configured=False,
        )


@contextlib.contextmanager
def running_ceph(folder: Path) -> Iterator[Store]:
    """Runs a gateway and what is behind it while the block lasts."""
    cluster = Cluster(folder)
    cluster.make_keys()
    keyring = ("--keyring", folder / "keyring")
    cluster.run("ceph-mon", "--mkfs", "-i", "a", "--monmap", folder / "monmap", *keyring)
    with contextlib.ExitStack() as stack:
        stack.enter_context(cluster.running("ceph-mon", "-i", "a"))
        osd = str(uuid.uuid4())
        cluster.run("ceph", "osd", "new", osd)
        cluster.run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osd, *keyring)
        stack.enter_context(cluster.running("ceph-osd", "-i", "0"))
        crush = ("osd", "crush", "add", "osd.0", "1.0", "host=localhost", "root=default")
        cluster.run("ceph", *crush)
        stack.enter_context(cluster.running("radosgw", "-n", "client.rgw.a"))
        await_port(cluster.gateway, folder / "log/radosgw.out")
        key, secret = KEYS
        cluster.run(
            "radosgw-admin",
            *("user", "create", "--uid=tests", "--display-name=tests"),
            *(f"--access-key={key}", f"--secret={secret}"),
        )
        yield Store(f"http://127.0.0.1:{cluster.gateway}", *KEYS)


@pytest.fixture(scope="session")
def ceph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A gateway that the tests share; each has buckets of its own in it."""
    with running_ceph(tmp_path_factory.mktemp("ceph")) as store:
        yield store
