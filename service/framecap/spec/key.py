"""The identity of a request: equal meanings have equal keys, whichever form they came in."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Final

from framecap.model.spec import CaptureSpec

# Changes when the encoding does, so that keys stored before are not taken for keys of today.
_DOMAIN: Final = b"framecap/spec/1\n"

# Fields that came after the encoding: left out where nothing was asked of them, so that the keys of
# requests without them stay what they were.
_LATER: Final = frozenset({"manifest_template"})


def key(spec: CaptureSpec) -> str:
    """Returns the SHA-256 of all fields of `spec`, 64 hex digits.

    The key depends on nothing else: not on the process, the machine or the order of the request.
    """
    text = json.dumps(_encoded(spec), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(_DOMAIN + text.encode("ascii")).hexdigest()


def _encoded(value: object) -> object:
    """Returns `value` in JSON's terms; different values give different texts."""
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value) and not isinstance(value, type):
        named = {field.name: getattr(value, field.name) for field in fields(value)}
        said = {
            name: _encoded(part)
            for name, part in named.items()
            if name not in _LATER or part is not None
        }
        return {type(value).__name__: said}
    if isinstance(value, tuple):
        return [_encoded(item) for item in value]
    if value is None or isinstance(value, int | str):
        return value
    raise TypeError(f"no encoding for {type(value).__name__}")
