"""The layers of the package as data, and what a source file's imports say about them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

PACKAGE: Final = "framecap"

SHARED: Final = frozenset(
    {"errors", "timebase", "model", "values", "formats", "modes", "stage_timer", "_kernels", "v1"}
)

STAGES: Final = frozenset({"spec", "source", "media", "plan", "pixels", "sink", "events"})

# What reading from and writing to object stores share.
STORAGE: Final = frozenset({"storage"})

# What runs inside a decoder only: the service itself never touches media.
INNER: Final = frozenset({"media", "plan", "pixels"})

# `capture` knows the order of the stages; the others are what it is made of.
SPINE: Final = frozenset({"capture", "call", "back_pressure", "revocation", "services"})

# What those above the capture may use.
BELOW: Final = SHARED | STORAGE | (STAGES - INNER) | SPINE | {"decoder"}

ABOVE: Final = frozenset({"api", "cli", "config", "gateway", "server", "tasks", "telemetry"})

MAY_IMPORT: Final[dict[str, frozenset[str]]] = {
    "errors": frozenset(),
    "timebase": frozenset(),
    "stage_timer": frozenset({"timebase"}),
    "model": frozenset({"errors", "timebase"}),
    "values": frozenset({"errors", "timebase", "model", "v1"}),
    "formats": frozenset({"model", "v1"}),
    "modes": frozenset({"errors", "timebase", "model", "values", "_kernels", "v1"}),
    "_kernels": frozenset(),
    "_bitstream": frozenset(),
    "v1": frozenset(),
    **dict.fromkeys(STAGES, SHARED),
    "media": SHARED | {"_bitstream"},
    "storage": SHARED,
    "source": SHARED | STORAGE,
    "sink": SHARED | STORAGE,
    "pipeline": SHARED | INNER | {"source"},
    "decoder": SHARED | {"pipeline", "spec", "source", "events"},
    **dict.fromkeys(SPINE, SHARED | (STAGES - INNER) | SPINE | {"decoder"}),
    **dict.fromkeys(ABOVE, BELOW | ABOVE),
    # `framecap demo` encodes the clip it captures from.
    "cli": BELOW | ABOVE | {"media"},
}
"""The units of the package each unit may import besides itself."""

ONLY_IN: Final[dict[str, frozenset[str]]] = {
    "av": frozenset({"media"}),
    "simplejpeg": frozenset({"formats"}),
    "PIL": frozenset({"formats", "cli"}),
    "grpc": frozenset({"api", "server", "cli"}),
    "grpc_health": frozenset({"api", "server", "cli"}),
    "grpc_reflection": frozenset({"api", "server", "cli"}),
    "grpc_status": frozenset({"api", "server", "cli"}),
    "aiobotocore": frozenset({"storage"}),
    "botocore": frozenset({"storage"}),
    "aiohttp": frozenset({"storage", "source"}),
    "yarl": frozenset({"source"}),
    "prometheus_client": frozenset({"telemetry"}),
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
    unit = module.split(".")[1]
    found = []
    for line, name in imports(source, module):
        top, *rest = name.split(".")
        if top == PACKAGE:
            wanted = rest[0] if rest else ""
            allowed = wanted in MAY_IMPORT.get(unit, frozenset()) | {unit, "__version__"}
        else:
            allowed = unit in ONLY_IN.get(top, {unit})
        if STUBS in name:
            allowed = allowed and unit in ONLY_IN["grpc"]
        if not allowed:
            found.append(f"{module}:{line}: {unit} may not import {name}")
    return found


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
