"""What both request forms become."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from framecap.model.capture import CaptureWarning
from framecap.model.spec import CaptureSpec

WITHOUT_EFFECT: Final = "OPTION_WITHOUT_EFFECT"
"""The reason of a notice about an option that changes nothing and was dropped."""

EVERY_FRAME: Final = "EVERY_FRAME"
"""The reason of a notice that, for want of a step, every frame is captured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedRequest:
    """A valid request, and what its writer should know about it."""

    spec: CaptureSpec
    """What was asked for; options without effect hold their defaults."""

    warnings: tuple[CaptureWarning, ...]
    """Options without effect, in the order of the request, and other surprises."""

    output: str = ""
    """The name of the output; empty where the request names none."""
