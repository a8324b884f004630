"""The layers hold: read from the source, without importing it."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.architecture.layers import MAY_IMPORT, modules, room, violations

ROOT = Path(__file__).parents[2]


def test_no_module_imports_what_its_layer_may_not() -> None:
    found = [
        violation
        for path, module in modules(ROOT / "service")
        for violation in violations(path.read_text(), module)
    ]
    assert not found, "\n".join(found)


def test_every_module_belongs_to_a_layer() -> None:
    units = {room(module) for _, module in modules(ROOT / "service")}
    assert units - {"decoder"} <= MAY_IMPORT.keys()
    assert {"capture", "pipeline", "decoder.child", "media.containers", "spec"} <= units


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("framecap.pixels.interval", "from framecap.media import probe"),
        ("framecap.pixels.interval", "from framecap import media"),
        ("framecap.pixels.interval", "import framecap.media.probe"),
        ("framecap.pixels.interval", "from ..media import probe"),
        ("framecap.pixels.interval", "from .. import media"),
        ("framecap.pixels.__init__", "from ..media import probe"),
        ("framecap.pixels.interval", "def late():\n    from framecap.plan import targets"),
        ("framecap.pixels.interval", "importlib.import_module('framecap.plan')"),
        ("framecap.pixels.interval", "from framecap.pipeline import run"),
        ("framecap.spec.text", "from framecap.config import settings"),
        ("framecap.model.plan", "from framecap.plan import targets"),
        ("framecap.errors", "from framecap.model import spec"),
        ("framecap.pipeline", "from framecap.sink import naming"),
        ("framecap.pipeline", "from framecap.decoder import wire"),
        ("framecap.capture", "from framecap.media import probe"),
        ("framecap.capture", "from framecap.pipeline import run"),
        ("framecap.capture", "from framecap.api import status"),
        ("framecap.server.main", "from framecap.pixels import render"),
        ("framecap.server.main", "from framecap.pipeline import run"),
        ("framecap.decoder.child.start", "from framecap.media import probe"),
        ("framecap.decoder.child.start", "from framecap.decoder.service import launcher"),
        ("framecap.decoder.service.launcher", "from framecap.decoder.child import fork_server"),
        ("framecap.decoder.service.process", "from framecap.pipeline import run"),
        ("framecap.decoder.service.process", "from framecap.media import probe"),
        ("framecap.decoder.service.process", "import av"),
        ("framecap.decoder.wire.control", "from framecap.decoder.service import launcher"),
        ("framecap.capture", "from framecap.decoder.child import start"),
        ("framecap.media.containers.index", "from framecap.media.decoding import runs"),
        ("framecap.media.containers.index", "from framecap.media.pictures import planes"),
        ("framecap.media.pictures.planes", "from framecap.media.decoding import runs"),
        ("framecap.media.bitstream.units", "from framecap.media.containers import index"),
        ("framecap.source.remote", "from framecap.storage import buckets"),
        ("framecap.storage.registry", "from framecap.server import serve"),
        ("framecap.telemetry.metrics", "from framecap.server import serve"),
        ("framecap.config", "from framecap.server import serve"),
        ("framecap.storage.web.backend", "import aiobotocore"),
        ("framecap.decoder.child.start", "from framecap.server import main"),
        ("framecap.pixels.interval", "import av"),
        ("framecap.decoder.child.start", "from av.video import frame"),
        ("framecap.decoder.child.start", "import grpc"),
        ("framecap.decoder.wire.framing", "import pickle"),
        ("framecap.capture", "from grpc import aio"),
        ("framecap.capture", "import grpc.aio"),
        ("framecap.capture", "from framecap.v1 import snapshot_service_pb2_grpc"),
        ("framecap.capture", "from framecap.v1.snapshot_service_pb2_grpc import SnapshotService"),
        ("framecap.pixels.pad", "from PIL import Image"),
        ("framecap.pixels.pad", "import simplejpeg"),
        ("framecap.plugin", "from framecap.model.media import Frame"),
        ("framecap.plugin", "from framecap import timebase"),
        ("framecap.pipeline", "from framecap.plugin import Frame"),
        ("framecap.decoder.child.selections", "from framecap import plugin"),
        ("framecap.capture", "from framecap.plugin import Selection"),
        ("framecap.tasks.engine", "from framecap.capture import capture"),
        ("framecap.tasks.engine", "import sqlite3"),
        ("framecap.tasks.embedded.engine", "from framecap.api import requests"),
        ("framecap.capture", "from framecap.tasks.task import Task"),
        ("framecap.cli.demo", "from tests.clips import make_clip"),
        ("framecap.cli.demo", "import service.framecap"),
    ],
)
def test_a_planted_violation_is_found(module: str, source: str) -> None:
    (found,) = violations(source, module)
    line = source.count("\n") + 1
    unit = room(module)
    assert found.startswith(f"{module}:{line}: {unit} may not import ")


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("framecap.pixels.interval", "from framecap.model.plan import Plan"),
        ("framecap.pixels.interval", "from framecap.pixels import grid"),
        ("framecap.pixels.interval", "from . import grid"),
        ("framecap.pixels.interval", "from framecap.errors import MediaError\nimport numpy as np"),
        ("framecap.pixels.pad", "from framecap._kernels import resample"),
        ("framecap.media.probe", "import av"),
        ("framecap.formats.jpg_encoder", "import simplejpeg"),
        ("framecap.pipeline", "from framecap.media import probe"),
        ("framecap.capture", "from framecap.decoder.service import reads"),
        ("framecap.modes.plugin", "from framecap.plugin import Frame"),
        ("framecap.events.messages", "from google.rpc import status_pb2"),
        ("framecap.api.snapshot", "from framecap.v1 import snapshot_service_pb2_grpc"),
        ("framecap.tasks.embedded.engine", "import sqlite3"),
        ("framecap.tasks.embedded.engine", "from framecap.tasks.task import Task"),
        ("framecap.cli.demo", "from framecap import __version__"),
    ],
)
def test_what_is_allowed_is_no_violation(module: str, source: str) -> None:
    assert violations(source, module) == []
