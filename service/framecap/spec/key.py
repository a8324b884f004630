"""The key of a request: requests of equal meaning have equal keys, in every form."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message

from framecap.model.output import OutputKind
from framecap.model.spec import CaptureSpec
from framecap.outputs import registry as outputs
from framecap.spec import structured
from framecap.timebase import NANOSECONDS_PER_SECOND

DOMAIN: Final = "framecap/key/1\n"
"""The prefix of the hashed text. Changes when the encoding does."""


def key(spec: CaptureSpec, kind: OutputKind = outputs.DEFAULT) -> str:
    """Returns the SHA-256 of the meaning of a request, 64 hex digits.

    The hashed text has, by ascending field number, a line `number:value` for each field of the
    request's protobuf form that is set and not the default. A message is its own lines in braces,
    a repeated field a line for each element, a map its entries by ascending key, a duration its
    nanoseconds, an enum its number, a string JSON in ASCII. It leaves out names, source and
    delivery: a field that is renamed, or added and not used, changes no key. The lines of an output
    that is not images follow a line `output`.
    """
    message, _ = structured.to_proto(spec, defaults=False)
    text, output = DOMAIN + encoded(message), encoded(outputs.written(kind))
    if output:
        text += f"output\n{output}"
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def encoded(message: Message) -> str:
    """Returns the lines that encode a message."""
    fields = sorted(message.ListFields(), key=lambda pair: pair[0].number)
    return "".join(
        f"{field.number}:{line}\n" for field, value in fields for line in _lines(field, value)
    )


def _lines(field: FieldDescriptor, value: Any) -> Iterator[str]:
    kind = field.message_type
    if kind is not None and kind.GetOptions().map_entry:
        entries: Mapping[str, str] = value
        for name in sorted(entries):
            yield f"{{1:{_scalar(name)}\n2:{_scalar(entries[name])}\n}}"
    elif field.is_repeated:
        elements: Sequence[Any] = value
        yield from map(_value, elements)
    elif kind is None or field.containing_oneof is not None or _value(value) not in ("{}", "0"):
        # The set case of a oneof has a meaning even when its message is empty.
        yield _value(value)


def _value(value: Any) -> str:
    if isinstance(value, Duration):
        return str(value.seconds * NANOSECONDS_PER_SECOND + value.nanos)
    if isinstance(value, Message):
        return f"{{{encoded(value)}}}"
    return _scalar(value)


def _scalar(value: str | int) -> str:
    return json.dumps(value) if isinstance(value, str) else str(int(value))
