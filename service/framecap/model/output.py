"""The kinds of output: what a request wants made of its frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagesOutput:
    """One image of each frame."""


OutputKind: TypeAlias = ImagesOutput
"""A kind of output with its options."""
