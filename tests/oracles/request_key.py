"""The key of a request by the contract's sentence, field by field from the descriptor.

It begins with the protobuf form that has every default filled in, as clients see it in `accepted`,
and leaves out what is a default by the comments of the protos.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from google.protobuf.message import Message

DEFAULTS: Final = {
    "framecap.v1.CaptureSpec.scale_type": 1,
    "framecap.v1.CaptureSpec.seek_policy": 1,
    "framecap.v1.CaptureSpec.damage_policy": 1,
    "framecap.v1.CaptureSpec.shrink_filter": 2,
    "framecap.v1.ChangeSelection.reference": 1,
    "framecap.v1.ImageBox.width_percent": 100,
    "framecap.v1.ImageBox.height_percent": 100,
    "framecap.v1.JpegEncoding.quality": 90,
}
"""The values that unset fields stand for, where that is not 0."""


def key(message: Message) -> str:
    """Returns the key of a `CaptureSpec` with its defaults filled in."""
    return hashlib.sha256(("framecap/key/1\n" + lines(message)).encode()).hexdigest()


def lines(message: Message) -> str:
    """Returns a line for each field that is set and not the default, by ascending number."""
    text = ""
    for field in sorted(message.DESCRIPTOR.fields, key=lambda field: field.number):
        value: Any = getattr(message, field.name)
        if field.is_repeated and isinstance(value, Mapping):
            for name in sorted(value):
                entry = f"1:{written(name)}\n2:{written(value[name])}\n"
                text += f"{field.number}:{{{entry}}}\n"
        elif field.is_repeated:
            for element in value:
                text += f"{field.number}:{written(element)}\n"
        elif field.containing_oneof is not None:
            if message.HasField(field.name):
                text += f"{field.number}:{written(value)}\n"
        elif written(value) not in ("0", "{}", '""') and value != DEFAULTS.get(field.full_name):
            text += f"{field.number}:{written(value)}\n"
    return text


def written(value: Any) -> str:
    """Returns a number, a text as JSON, or a message: durations in ns, others in braces."""
    if isinstance(value, str):
        return json.dumps(value)
    if not isinstance(value, Message):
        return str(int(value))
    if value.DESCRIPTOR.full_name == "google.protobuf.Duration":
        return str(value.seconds * 10**9 + value.nanos)  # type: ignore[attr-defined]
    return "{" + lines(value) + "}"
