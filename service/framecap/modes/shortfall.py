"""The explanation of a shortfall: a capture with fewer images than requested."""

from __future__ import annotations

from typing import Final

from framecap.model.capture import Lack, Shortfall
from framecap.model.spec import CaptureSpec
from framecap.modes.mode import Outcome
from framecap.modes.registry import mode_of, requested_count
from framecap.timebase import Nanoseconds, format_time

_WORDS: Final = {
    Lack.AFTER_END: "after the end",
    Lack.SAME_FRAME: "on a frame already captured",
    Lack.NO_MORE_FRAMES: "for want of more frames",
    Lack.UNDECODABLE: "undecodable",
    Lack.COVER_IS_ONE_IMAGE: "beyond the one cover",
}


def explain(spec: CaptureSpec, outcome: Outcome) -> tuple[tuple[Shortfall, ...], str]:
    """Returns the causes of a shortfall and the sentence that states them.

    Both are empty when the requested number of images was captured, or when the request set no
    number and there is at least one image.
    """
    requested = requested_count(spec)
    if requested is None:
        return (), "" if outcome.captured else _nothing(spec, outcome)
    missing = requested - outcome.captured
    if missing <= 0:
        return (), ""
    shortfalls = _causes(spec, outcome, missing)
    return shortfalls, sentence(spec, outcome.captured, shortfalls, outcome.end)


def sentence(
    spec: CaptureSpec, captured: int, shortfalls: tuple[Shortfall, ...], end: Nanoseconds | None
) -> str:
    """Returns the sentence with both numbers, and each cause with its count."""
    causes = []
    for shortfall in shortfalls:
        words = _WORDS.get(shortfall.reason) or mode_of(spec.selection).below_threshold
        if shortfall.reason is Lack.AFTER_END and end is not None:
            words += f" at {format_time(end)}"
        causes.append(f"{shortfall.count} {words}")
    return f"asked {requested_count(spec)}, gave {captured}: {', '.join(causes)}"


def explain_cover(spec: CaptureSpec) -> tuple[tuple[Shortfall, ...], str]:
    """Returns the shortfall of a cover, which is always one image."""
    requested = requested_count(spec)
    if requested is None or requested <= 1:
        return (), ""
    shortfalls = (Shortfall(reason=Lack.COVER_IS_ONE_IMAGE, count=requested - 1),)
    return shortfalls, sentence(spec, 1, shortfalls, None)


def _causes(spec: CaptureSpec, outcome: Outcome, missing: int) -> tuple[Shortfall, ...]:
    causes = mode_of(spec.selection).causes(spec.selection, outcome, missing)
    return tuple(Shortfall(reason=reason, count=count) for reason, count in causes if count > 0)


def _nothing(spec: CaptureSpec, outcome: Outcome) -> str:
    kind = mode_of(spec.selection).noun
    until = f" and before {format_time(spec.end)}" if spec.end is not None else ""
    ends = f"; the video ends at {format_time(outcome.end)}" if outcome.end is not None else ""
    return f"there is no {kind} at or after {format_time(spec.start)}{until}{ends}"
