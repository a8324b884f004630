"""The layers of the package as data, and what a source file's imports say about them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

PACKAGE: Final = "framecap"

SHARED: Final = frozenset(
    {
        "errors",
        "timebase",
        "model",
        "values",
        "formats",
        "modes",
        "outputs",
        "stage_timer",
        "_kernels",
        "v1",
    }
)

STAGES: Final = frozenset({"spec", "source", "media", "plan", "pixels", "sink", "events"})

# Runs inside a decoder only: the service itself never touches media.
INNER: Final = frozenset({"media", "plan", "pixels"})

OUTER: Final = STAGES - INNER

# Only its folders for the service and for the wire belong to the service's process.
DECODER: Final = frozenset({"decoder.service", "decoder.v1"})

# `capture` knows the order of the stages; the others are its parts.
SPINE: Final = (
    "revocation",
    "back_pressure",
    "admission",
    "capture_result",
    "usage_log",
    "services",
    "attempt",
    "call",
    "checked_request",
    "charge",
    "capture",
)

# Settings that `config` gathers, beside those of owners below.
SETTINGS: Final = ("listen_address", "serve_settings")

# Above the capture, each may use those before it.
ABOVE: Final = ("storage", "telemetry", "api", "config", "server", "cli")

# Everything that those above the capture may use.
BELOW: Final = SHARED | {"transport", "tasks"} | OUTER | DECODER | {*SPINE, *SETTINGS}


def _each_above(units: tuple[str, ...], below: frozenset[str]) -> dict[str, frozenset[str]]:
    return {unit: below | set(units[:number]) for number, unit in enumerate(units)}


MAY_IMPORT: Final[dict[str, frozenset[str]]] = {
    "errors": frozenset(),
    "timebase": frozenset(),
    "stage_timer": frozenset({"timebase"}),
    "model": frozenset({"errors", "timebase"}),
    "values": frozenset({"errors", "timebase", "model", "v1"}),
    "formats": frozenset({"model", "v1"}),
    "modes": frozenset({"errors", "timebase", "model", "values", "_kernels", "v1", "plugin"}),
    # What plug-ins import. It imports nothing of ours, and only the mode that adapts it imports it.
    "plugin": frozenset(),
    "outputs": frozenset({"errors", "timebase", "model", "values", "v1"}),
    "_kernels": frozenset(),
    "_bitstream": frozenset(),
    "v1": frozenset(),
    **dict.fromkeys(STAGES, SHARED),
    # Requests to stores and web servers, which sources and storage share.
    "transport": frozenset(),
    "source": SHARED | {"transport"},
    "media": SHARED,
    "media.bitstream": SHARED | {"media", "_bitstream"},
    "media.containers": SHARED | {"media", "media.bitstream"},
    "media.pictures": SHARED | {"media", "media.bitstream", "media.containers"},
    "media.decoding": SHARED
    | {"media", "media.bitstream", "media.containers", "media.pictures", "_bitstream"},
    "pipeline": SHARED | INNER,
    "decoder.v1": frozenset({"v1"}),
    "decoder.wire": frozenset(),
    "decoder.service": SHARED | {"decoder.wire", "decoder.v1", "source", "events"},
    "decoder.child": SHARED | {"decoder.wire", "decoder.v1", "pipeline", "spec", "events"},
    **_each_above(SPINE, SHARED | OUTER | DECODER),
    # Engines keep tasks and do not know how a capture is done.
    "tasks": SHARED | {"events", "source"},
    "tasks.embedded": SHARED | {"events", "source", "tasks"},
    # Submission takes a request as a capture does, from the parts of the spine below `capture`.
    **_each_above(
        ("tasks.work", "tasks.creation", "tasks.retry"),
        SHARED | OUTER | DECODER | {*SPINE[:-1], "tasks"},
    ),
    # A worker runs the whole capture.
    "tasks.worker": SHARED | OUTER | DECODER | {*SPINE, "tasks", "tasks.work"},
    # Webhooks are guarded as web sources are.
    "tasks.notify": SHARED | {"events", "sink", "source", "storage.web", "tasks"},
    "client": SHARED | {"events"},
    "listen_address": frozenset(),
    "serve_settings": frozenset({"listen_address"}),
    **_each_above(ABOVE, BELOW),
    **dict.fromkeys(("storage.s3", "storage.web", "storage.directory"), BELOW | {"storage"}),
    # It forks its decoder itself, and `framecap demo` encodes the clip it captures from.
    "cli": BELOW | {*ABOVE, "client", "decoder.child", "media"},
}
"""The rooms that each room may import besides itself.

A room is a folder or a module of the package. The name of a folder stands for the folders in it
too, except for those that have an entry of their own.
"""

ONLY_IN: Final[dict[str, frozenset[str]]] = {
    "av": frozenset({"media"}),
    "simplejpeg": frozenset({"formats"}),
    "PIL": frozenset({"formats", "outputs", "cli"}),
    "grpc": frozenset({"api", "client", "server", "cli"}),
    "grpc_health": frozenset({"api", "server", "cli"}),
    "grpc_reflection": frozenset({"api", "server", "cli"}),
    "grpc_status": frozenset({"api", "client", "server", "cli"}),
    "aiobotocore": frozenset({"storage.s3"}),
    "botocore": frozenset({"storage.s3", "transport"}),
    "aiohttp": frozenset({"storage.s3", "storage.web", "tasks.notify", "transport"}),
    "yarl": frozenset({"storage.web", "tasks.notify"}),
    "nats": frozenset({"tasks.notify"}),
    "prometheus_client": frozenset({"telemetry"}),
    "sqlite3": frozenset({"tasks.embedded"}),
    "rich": frozenset({"cli"}),
    "tests": frozenset(),
    "service": frozenset(),
    "multiprocessing": frozenset(),
    "pickle": frozenset(),
}
"""The libraries that only some units may import, and what nobody may."""

STUBS: Final = "_pb2_grpc"


class Import(NamedTuple):
    """One name that a module imports."""

    line: int
    name: str


def imports(source: str, module: str) -> Iterator[Import]:
    """Yields what the source of a module imports, relative imports resolved.

    Args:
        source: The Python text.
        module: The module's dotted name; a package's ends in `.__init__`.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (Import(node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = module.split(".")[: -node.level] if node.level else []
            origin = ".".join([*parents, *([node.module] if node.module else [])])
            yield from (Import(node.lineno, f"{origin}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and _called(node.func) in {"__import__", "import_module"}:
            names = (name for name in node.args[:1] if isinstance(name, ast.Constant))
            yield from (Import(node.lineno, str(name.value)) for name in names)


def violations(source: str, module: str) -> list[str]:
    """Returns what a module imports and may not, one sentence each."""
    unit = room(module)
    found = []
    for line, name in imports(source, module):
        top, *rest = name.split(".")
        folder = unit.partition(".")[0]
        if top == PACKAGE:
            allowed = may_import(unit, room(name) if rest else "")
        else:
            allowed = bool({unit, folder} & ONLY_IN.get(top, {unit}))
        if STUBS in name:
            allowed = allowed and folder in ONLY_IN["grpc"]
        if not allowed:
            found.append(f"{module}:{line}: {unit} may not import {name}")
    return found


def room(module: str) -> str:
    """Returns the innermost room of a module, without the package's name."""
    parts = module.split(".")[1:]
    names = [".".join(parts[:length]) for length in range(len(parts), 0, -1)]
    return next((name for name in names if name in MAY_IMPORT), parts[0])


def may_import(unit: str, other: str) -> bool:
    """Returns whether a room may import another."""
    if other in {unit, "__version__"}:
        return True
    allowed = MAY_IMPORT.get(unit, frozenset())
    whole, own = other.partition(".")[0], unit.partition(".")[0]
    # All of a folder is open to those above it, and to the modules at its door.
    return other in allowed or (whole in allowed and whole != own) or whole == unit


def modules(root: Path) -> Iterator[tuple[Path, str]]:
    """Yields the package's own modules below a source root, generated ones left out."""
    for path in sorted(root.rglob("*.py")):
        name = ".".join(path.relative_to(root).with_suffix("").parts)
        if "_pb2" not in path.name and name != f"{PACKAGE}.__init__":
            yield path, name


def _called(function: ast.expr) -> str:
    match function:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""
