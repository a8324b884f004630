"""What names a mode or a format in a source file, outside the places where each is defined.

A mode is one object in `modes/`, a format one row in `formats/`; `model/spec.py` has their values.
All other code takes them from the registries, so it names neither. The words come from the
registries too: a new mode or format is searched for without a change here.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final, NamedTuple

from framecap.formats.registry import FORMATS
from framecap.model.spec import ImageFormat
from framecap.modes.registry import MODES
from framecap.v1 import capture_pb2

VALUES: Final = "framecap.model.spec"
MODE_ROOM: Final = "framecap.modes"
FORMAT_ROOM: Final = "framecap.formats"
SOURCES_ROOM: Final = "framecap.media"

SELECTIONS: Final = frozenset(mode.selection.__name__ for mode in MODES) | frozenset(
    type(mode).__name__ for mode in MODES
)
"""The classes of selections, in the model and in the protos, and those of modes."""

# The word `key` is also what an object is stored under, and `inter` an option of the text form.
MODE_NAMES: Final = frozenset(
    name for mode in MODES for name in (mode.name, mode.case) if name not in ("key", "inter")
)
"""The names of modes that name nothing else."""

FORMAT_CLASSES: Final = frozenset(
    capture_pb2.ImageFormat.Name(row.number) for row in FORMATS.values()
)
FORMAT_FIELDS: Final = frozenset(row.encoding for row in FORMATS.values())
CODECS: Final = frozenset(row.codec for row in FORMATS.values())
EXTENSIONS: Final = tuple(
    f".{extension}" for row in FORMATS.values() for extension in sorted(row.extensions)
)
FORMAT_NAMES: Final = frozenset(
    name
    for row in FORMATS.values()
    for name in (row.format.value, row.title, row.media_type, row.encoding, *row.extensions)
)
SIGNATURES: Final = tuple(row.signature for row in FORMATS.values())

EXCEPTIONS: Final[dict[tuple[str, str], str]] = {
    ("framecap.decoder.child.warm_up", "interval"): "chooses what code to load, not how to act",
    ("framecap.decoder.child.warm_up", "keyframe"): "chooses what code to load, not how to act",
    ("framecap.decoder.child.warm_up", "change"): "chooses what code to load, not how to act",
    ("framecap.decoder.service.check", "plugin"): "only its code may refuse options in a decoder",
    ("framecap.media.containers.streams", "jpg"): "RFC 9559 names cover files so, and no others",
    ("framecap.model.capture", "keyframe"): "a reason why a frame was chosen",
    ("framecap.model.capture", "change"): "a reason why a frame was chosen",
    ("framecap.spec.options", "interval"): "what people write for the option `inter`",
    ("framecap.cli.demo", "change"): "a client, which names its own requests",
    ("framecap.cli.demo", ".jpg"): "a client, which knows what it requested",
    ("framecap.cli.demo", ".png"): "the contact sheet, which no request makes",
}
"""By module and word, what is allowed, each with its reason."""


class Mention(NamedTuple):
    """A word that names a mode or a format."""

    line: int
    word: str


def modes_in(source: str, module: str) -> Iterator[Mention]:
    """Yields what names a selection's class or a mode, or tells selectors apart."""
    if not _inside(module, MODE_ROOM, VALUES):
        for node in _code(source):
            for name in _names(node):
                if name in SELECTIONS:
                    yield Mention(_line(node), name)
            yield from (Mention(_line(node), name) for name in _told_apart(node))
            if isinstance(node, ast.Constant) and node.value in MODE_NAMES:
                yield Mention(node.lineno, str(node.value))


def formats_in(source: str, module: str) -> Iterator[Mention]:
    """Yields what names a format; in `media`, names of codecs are those of the source."""
    if _inside(module, FORMAT_ROOM, VALUES):
        return
    allowed = CODECS if _inside(module, SOURCES_ROOM) else frozenset()
    for node in _code(source):
        for name in _names(node):
            if name in FORMAT_CLASSES:
                yield Mention(_line(node), name)
        match node:
            case ast.Attribute(value=ast.Name(id="ImageFormat"), attr=name):
                if name in ImageFormat.__members__:
                    yield Mention(node.lineno, f"ImageFormat.{name}")
            case ast.Attribute(attr=name) | ast.keyword(arg=str() as name):
                if name in FORMAT_FIELDS:
                    yield Mention(_line(node), name)
            case ast.Constant(value=str() as text):
                if text in FORMAT_NAMES - allowed:
                    yield Mention(node.lineno, text)
                elif text.endswith(EXTENSIONS):
                    yield Mention(node.lineno, f".{text.rpartition('.')[2]}")
            case ast.Constant(value=bytes() as data):
                if data.startswith(SIGNATURES):
                    yield Mention(node.lineno, repr(data))


def _inside(module: str, *rooms: str) -> bool:
    return any(module == room or module.startswith(f"{room}.") for room in rooms)


def _code(source: str) -> Iterator[ast.AST]:
    """Yields the nodes of a source file, docstrings left out."""
    waiting: list[ast.AST] = [ast.parse(source)]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += (
            child
            for child in ast.iter_child_nodes(node)
            if not (isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant))
        )


def _names(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            yield name
        case ast.alias(name=name):
            yield name.rpartition(".")[2]


def _told_apart(node: ast.AST) -> Iterator[str]:
    """Yields the classes of selectors that a test of types or a pattern names."""
    match node:
        case ast.Call(func=ast.Name(id="isinstance" | "issubclass"), args=[_, kinds]):
            kind: ast.expr = kinds
        case ast.MatchClass(cls=kind):
            pass
        case _:
            return
    for part in ast.walk(kind):
        yield from (name for name in _names(part) if name.endswith("Selector"))


def _line(node: ast.AST) -> int:
    return int(getattr(node, "lineno", 0))
