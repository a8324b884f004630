"""The registry of modes."""

from __future__ import annotations

from typing import Any, Final

from framecap.model.spec import CaptureSpec, Selection
from framecap.modes.average import AverageMode
from framecap.modes.change import ChangeMode
from framecap.modes.instants import InstantMode
from framecap.modes.interval import IntervalMode
from framecap.modes.keyframe import KeyframeMode
from framecap.modes.mode import Mode
from framecap.modes.plugin import PluginMode

DEFAULT: Final = IntervalMode()
"""The mode of a request that names none."""

EVERYTHING: Final[Selection] = DEFAULT.selection()
"""The selection of a request without options: every frame of the range."""

MODES: Final[tuple[Mode[Any], ...]] = (
    DEFAULT,
    KeyframeMode(),
    AverageMode(),
    ChangeMode(),
    InstantMode(),
    PluginMode(),
)
"""All modes, in the order in which help and messages list them."""

TEXT_MODES: Final = {mode.name: mode for mode in MODES if mode.text_options is not None}
"""The modes of the text form, by their names in it."""

_BY_SELECTION: Final[dict[type[Selection], Mode[Any]]] = {mode.selection: mode for mode in MODES}
_BY_CASE: Final = {mode.case: mode for mode in MODES}


def mode_of(selection: Selection) -> Mode[Any]:
    """Returns the mode of a selection."""
    return _BY_SELECTION[type(selection)]


def mode_for(case: str | None) -> Mode[Any]:
    """Returns the mode of a case of `CaptureSpec.selection`; the default when none is set."""
    return DEFAULT if case is None else _BY_CASE[case]


def keyframes_only(spec: CaptureSpec) -> bool:
    """Returns whether only keyframes can be captured."""
    return mode_of(spec.selection).keyframes_only or spec.nearest_keyframe


def resumes(spec: CaptureSpec) -> bool:
    """Returns whether a later attempt may go on after the images that are stored."""
    # A keyframe is on screen until the next one here, which only a pass over all of them knows.
    return mode_of(spec.selection).resumes(spec.selection) and not spec.nearest_keyframe


def requested_count(spec: CaptureSpec) -> int | None:
    """Returns the requested number of images; None when the request sets none."""
    return mode_of(spec.selection).requested_count(spec.selection)
