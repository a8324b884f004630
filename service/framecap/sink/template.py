"""Templates of object keys: `shots/{barename}_{index}.{autoext}`."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from framecap.errors import TargetInvalid
from framecap.model.names import MAX_KEY_BYTES, shown, unprintable_fault

SOURCE_VARIABLES: Final = ("bucket", "key", "dirname", "basename", "barename", "ext")
MODIFIED_VARIABLES: Final = ("year", "mon", "day", "hour", "min", "sec")
CREATED_VARIABLES: Final = tuple(f"t_{name}" for name in MODIFIED_VARIABLES)
IMAGE_VARIABLES: Final = ("streamindex", "index", "autoext")
VARIABLES: Final = (*SOURCE_VARIABLES, *MODIFIED_VARIABLES, *CREATED_VARIABLES, *IMAGE_VARIABLES)

# The default of the command line.
DEFAULT_TEMPLATE: Final = "{barename}_{streamindex}_{index}.{autoext}"

KEY_FIELD: Final = "delivery.object.key_template"
MANIFEST_FIELD: Final = "delivery.object.manifest_key_template"

_TOKEN: Final = re.compile(r"\{\{|\}\}|\{(?P<name>[^{}]*)\}|(?P<text>[^{}]+)|(?P<stray>[{}])")


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of a template, which a value replaces."""

    name: str


TemplatePart: TypeAlias = str | Variable

_APPENDED_NUMBERS: Final[tuple[TemplatePart, ...]] = (
    "_",
    Variable("streamindex"),
    "_",
    Variable("index"),
    ".",
    Variable("autoext"),
)
_APPENDED_EXTENSION: Final[tuple[TemplatePart, ...]] = (".", Variable("autoext"))


@dataclass(frozen=True, slots=True)
class KeyTemplate:
    """A parsed template, completed with an extension or a number if it lacks them."""

    text: str
    """The template as it was written."""

    parts: tuple[TemplatePart, ...]
    """Literal text and variables, in order."""

    one_key: bool
    """True when all images have the same key, so that the last one wins."""

    @classmethod
    def parse(cls, text: str, field: str = KEY_FIELD) -> KeyTemplate:
        """Returns the template that `text` denotes.

        The template has an extension if, before values are filled in, its last segment has a dot
        followed by text, by `{autoext}` or by `{ext}`.

        Args:
            text: The template.
            field: The request's field that errors name.

        Raises:
            TargetInvalid: It is empty, too long, has a control character, a stray brace or an
                unknown variable, begins or ends with a slash.
        """
        parts = _parsed(text, field)
        indexed = Variable("index") in parts
        extended = _has_extension(parts)
        if not extended:
            parts += _APPENDED_EXTENSION if indexed else _APPENDED_NUMBERS
        return cls(
            text=text,
            parts=parts,
            one_key=extended and not indexed,
        )

    @classmethod
    def parse_manifest(cls, text: str) -> KeyTemplate:
        """Returns the template that `text` denotes for the one manifest of a capture.

        Raises:
            TargetInvalid: As `parse`, or it has `{index}`.
        """
        parts = _parsed(text, MANIFEST_FIELD)
        if Variable("index") in parts:
            why = "has the variable {index}, but there is one manifest for all images"
            raise _invalid(text, MANIFEST_FIELD, why)
        if not _has_extension(parts):
            parts += _APPENDED_EXTENSION
        return cls(text=text, parts=parts, one_key=True)

    @property
    def completed(self) -> str:
        """The template with what it lacked, as it could have been written."""
        return "".join(map(_written, self.parts))

    def fill(self, values: Mapping[str, str]) -> str:
        """Returns the key; an empty `{dirname}` also removes the slash after it.

        Raises:
            KeyError: `values` lacks a variable of the template.
        """
        filled = []
        swallow = False
        for part in self.parts:
            if isinstance(part, Variable):
                value = values[part.name]
                swallow = part.name == "dirname" and not value
            else:
                value = part.removeprefix("/") if swallow else part
                swallow = False
            filled.append(value)
        return "".join(filled)


def _parsed(text: str, field: str) -> tuple[TemplatePart, ...]:
    """Returns the parts of a template as it was written."""
    if not text:
        raise _invalid(text, field, "is empty")
    if len(text) > MAX_KEY_BYTES:
        raise _invalid(text, field, f"is longer than {MAX_KEY_BYTES} characters")
    if fault := unprintable_fault(text):
        raise _invalid(text, field, f"{fault}; leave it out")
    parts = tuple(_merged(_parts(text, field)))
    if text.startswith("/"):
        raise _invalid(text, field, "begins with a slash")
    if text.endswith("/"):
        raise _invalid(text, field, "ends with a slash: it names a folder, not an object")
    return parts


def _parts(text: str, field: str) -> Iterator[TemplatePart]:
    for token in _TOKEN.finditer(text):
        name, literal = token["name"], token["text"]
        if token["stray"]:
            brace = token["stray"]
            at = token.start() + 1
            why = f"has a single {brace} at character {at}; write {brace * 2} for the character"
            raise _invalid(text, field, why)
        if name is None:
            yield literal or token[0][0]
        elif name in VARIABLES:
            yield Variable(name)
        else:
            raise _unknown(text, field, name)


def _merged(parts: Iterator[TemplatePart]) -> Iterator[TemplatePart]:
    """Yields the parts with neighbouring texts joined."""
    text = ""
    for part in parts:
        if isinstance(part, str):
            text += part
            continue
        if text:
            yield text
        yield part
        text = ""
    if text:
        yield text


def _written(part: TemplatePart) -> str:
    if isinstance(part, Variable):
        return f"{{{part.name}}}"
    return part.replace("{", "{{").replace("}", "}}")


def _has_extension(parts: tuple[TemplatePart, ...]) -> bool:
    """Returns whether the last segment has a dot followed by text, `{autoext}` or `{ext}`."""
    found = after_dot = False
    for part in parts:
        if isinstance(part, Variable):
            found = found or (after_dot and part.name in {"autoext", "ext"})
            after_dot = False
            continue
        if "/" in part:
            found = False
        segment = part.rpartition("/")[2]
        # Behind a dot at the very end, the next variable decides: `a.{autoext}`.
        found = found or "." in segment.rstrip(".")
        after_dot = segment.endswith(".")
    return found


def _unknown(text: str, field: str, name: str) -> TargetInvalid:
    why = f"has the variable {shown(name)}, which does not exist; allowed: {', '.join(VARIABLES)}"
    near = difflib.get_close_matches(name.strip().lower()[:32], VARIABLES, n=1)
    if near:
        why += f"; did you mean {{{near[0]}}}?"
    return _invalid(text, field, why, variable=shown(name), nearest="".join(near))


def _invalid(text: str, field: str, why: str, **parts: str) -> TargetInvalid:
    return TargetInvalid(
        f"{field}: {shown(text)} {why}", field=field, metadata={"value": shown(text), **parts}
    )
