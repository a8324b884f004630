"""A parsed request, the result of every request form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from framecap.model.capture import CaptureWarning
from framecap.model.output import OutputKind
from framecap.model.spec import CaptureSpec
from framecap.outputs.registry import DEFAULT

WITHOUT_EFFECT: Final = "OPTION_WITHOUT_EFFECT"
"""The reason of a warning about an option that has no effect and was dropped."""

EVERY_FRAME: Final = "EVERY_FRAME"
"""The reason of a warning that every frame is captured because no step is set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedRequest:
    """A valid request and the warnings about it."""

    spec: CaptureSpec
    """The request; options without effect have their defaults."""

    warnings: tuple[CaptureWarning, ...]
    """Warnings about options without effect, in the order of the request, and other surprises."""

    output: str = ""
    """The name of the output; empty when the request names none."""

    kind: OutputKind = DEFAULT
    """The kind of output to make of the frames."""
