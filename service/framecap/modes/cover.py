"""Warnings about a capture of a cover, which is one image for any selection."""

from __future__ import annotations

from collections.abc import Iterator

from framecap.model.capture import CaptureWarning
from framecap.model.spec import CaptureSpec
from framecap.modes.registry import mode_of


def without_effect(spec: CaptureSpec) -> Iterator[CaptureWarning]:
    """Yields a warning for each option of a request that has no effect on a cover."""
    mode = mode_of(spec.selection).given(spec.selection)
    given = {
        "ss": spec.start > 0,
        "end_offset": spec.end is not None,
        **{option: mode.get(option, False) for option in ("m", "inter", "num", "thr")},
    }
    for option, is_given in given.items():
        if is_given:
            yield CaptureWarning(
                reason="OPTION_WITHOUT_EFFECT",
                message=f"{option} has no effect: the file has cover art, which is one image",
                metadata={"option": option},
            )


def substituted(fault: str) -> CaptureWarning:
    """Returns the warning that another picture replaces the preferred cover.

    Args:
        fault: The reason why the preferred cover cannot be captured.
    """
    return CaptureWarning(
        reason="COVER_SUBSTITUTED",
        message=f"{fault}; another picture of the file is given instead",
        metadata={"fault": fault},
    )
