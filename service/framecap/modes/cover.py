"""What choosing frames means for a cover, which is one image whatever was asked."""

from __future__ import annotations

from collections.abc import Iterator

from framecap.model.capture import CaptureWarning
from framecap.model.spec import CaptureSpec
from framecap.modes.registry import mode_of


def without_effect(spec: CaptureSpec) -> Iterator[CaptureWarning]:
    """Yields a notice for each option of a request that changes nothing about a cover."""
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
    """Returns the notice of a picture that stands in for the one that goes first.

    Args:
        fault: What keeps that one from being given.
    """
    return CaptureWarning(
        reason="COVER_SUBSTITUTED",
        message=f"{fault}; another picture of the file is given instead",
        metadata={"fault": fault},
    )
