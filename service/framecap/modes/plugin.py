"""`plugin`: the samples that a selection installed by the operator chooses. No text form has it.

The service knows installed selections by name only. Their code runs in decoders, where the fork
server loaded it into `INSTALLED`; only what depends on scores calls it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, TypeVar

import numpy as np

from framecap.errors import OptionUnknown, RequestError
from framecap.model.names import visible
from framecap.model.spec import PluginSelection
from framecap.modes.compared import ComparedMode
from framecap.modes.features import Comparison, MeasuredFrame
from framecap.plugin import Frame, OptionError, Options, Selection
from framecap.v1 import capture_pb2 as pb
from framecap.values import checks
from framecap.values.wording import listed, shown

MAX_OPTIONS: Final = 64
MAX_WORDS: Final = 500
OPTION_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")

_NAME: Final = "spec.plugin.name"
_OPTIONS: Final = "spec.plugin.options"

T = TypeVar("T")


class PluginFailed(Exception):
    """The code of an installed selection failed; a fault, whose cause has the traceback."""


class Installed:
    """The installed selections that this process has loaded."""

    def __init__(self) -> None:
        self._classes: dict[str, type[Selection]] = {}
        self._made: dict[PluginSelection, Selection] = {}

    def add(self, name: str, loaded: object) -> None:
        """Adds what an entry point names.

        Raises:
            TypeError: It is no class of selections.
        """
        if not (isinstance(loaded, type) and issubclass(loaded, Selection)):
            raise TypeError(f"{loaded} is no class derived from framecap.plugin.Selection")
        self._classes[name] = loaded

    def made(self, selection: PluginSelection) -> Selection:
        """Returns the object for a request, made once.

        Raises:
            RequestError: An option is not valid.
            PluginFailed: The selection's code failed.
        """
        found = self._made.get(selection)
        if found is None:
            found = self._made[selection] = self._make(selection)
        return found

    def _make(self, selection: PluginSelection) -> Selection:
        options = Options(dict(selection.options))
        kind = self._classes[selection.name]

        def make() -> Selection | OptionError:
            try:
                return kind(options)
            except OptionError as error:
                return error

        made = _called(selection, make)
        if isinstance(made, OptionError):
            raise _refused(made)
        for option in options.unknown:
            raise _unknown(selection, option, options.known)
        return made


INSTALLED: Final = Installed()
"""Filled by the fork server, once, before it forks decoders; empty in the service."""


class PluginMode(ComparedMode[PluginSelection]):
    """The samples that an installed selection scores high enough."""

    name = "plugin"
    selection = PluginSelection
    case = "plugin"
    below_threshold = "did not pass"

    def read_proto(self, message: Any) -> PluginSelection:
        """Returns the selection that the message states."""
        return PluginSelection(
            name=checks.required(_NAME, message.name, "the name of an installed selection"),
            options=tuple(sorted(_read_options(message.options))),
            spacing=checks.offset("spec.plugin.spacing", message.spacing),
            max_count=checks.number("spec.plugin.max_count", message.max_count, 0),
        )

    def write_proto(
        self, selection: PluginSelection, message: pb.CaptureSpec, *, defaults: bool
    ) -> None:
        """Writes a selection into a message."""
        message.plugin.name = selection.name
        for option, value in selection.options:
            message.plugin.options[option] = value
        message.plugin.spacing.CopyFrom(checks.duration(selection.spacing))
        message.plugin.max_count = selection.max_count

    def first_only(self, selection: PluginSelection) -> PluginSelection:
        """Returns the same selection: only the scores show which frame is the first."""
        return selection

    def check_enabled(self, selection: PluginSelection, enabled: Collection[str]) -> None:
        """Checks that the selection's name is one of those enabled."""
        if selection.name in enabled:
            return
        if not enabled:
            allowed = "the name of an installed selection"
            raise checks.refused(_NAME, shown(selection.name), "is not installed", allowed)
        allowed = listed(sorted(enabled))
        raise checks.refused(_NAME, shown(selection.name), f"is not one of {allowed}", allowed)

    def check_options(self, selection: PluginSelection) -> None:
        """Has the selection's code read its options."""
        INSTALLED.made(selection)

    def given(self, selection: PluginSelection) -> Mapping[str, bool]:
        """Returns, by option name, whether the request gave it."""
        return {"m": True, "inter": selection.spacing > 0, "num": selection.max_count > 0}

    def comparison(self, selection: PluginSelection) -> Comparison:
        """Returns the comparison by the selection's scores.

        Raises:
            RequestError: An option is not valid.
            PluginFailed: The selection's code failed, now or in the comparison.
        """
        made = INSTALLED.made(selection)

        def measure(frame: MeasuredFrame) -> Any:
            feature = _called(selection, made.feature, _frame(frame))
            if feature is None:
                raise PluginFailed(f"the selection {selection.name} gave a frame no feature")
            if isinstance(feature, np.ndarray) and not feature.flags.owndata:
                # A view, even of a few samples, would keep the whole picture in memory.
                return feature.copy()
            return feature

        def score(feature: Any, previous: Any | None) -> float:
            value = _called(selection, lambda: float(made.score(feature, previous)))
            if not math.isfinite(value):
                raise PluginFailed(f"the selection {selection.name} gave the score {value}")
            return value

        def passes(value: float) -> bool:
            return _called(selection, lambda: bool(made.passes(value)))

        return Comparison(measure=measure, score=score, passes=passes, first_passes=False)


def _read_options(options: Mapping[str, str]) -> list[tuple[str, str]]:
    if len(options) > MAX_OPTIONS:
        allowed = f"at most {MAX_OPTIONS} options"
        raise checks.refused(_OPTIONS, f"{len(options)} options", f"are not {allowed}", allowed)
    for name in options:
        if not OPTION_NAME.fullmatch(name):
            allowed = "1..64 letters, digits, _ and -, a letter first"
            raise checks.refused(_OPTIONS, shown(name), f"is not {allowed}", allowed)
    return [(name, checks.plain(f"{_OPTIONS}.{name}", text)) for name, text in options.items()]


def _refused(error: OptionError) -> RequestError:
    field = f"{_OPTIONS}.{_line(error.option)}"
    allowed = _line(error.allowed)
    if error.value is None:
        return checks.missing(field, allowed)
    return checks.refused(field, shown(error.value), _line(error.why), allowed)


def _line(text: str) -> str:
    """Returns a selection's words on one line, short enough for a status."""
    return visible(text if len(text) <= MAX_WORDS else f"{text[:MAX_WORDS]}…")


def _unknown(selection: PluginSelection, option: str, known: tuple[str, ...]) -> OptionUnknown:
    field = f"{_OPTIONS}.{option}"
    allowed = listed(known) or "none"
    return OptionUnknown(
        f"{field}: is no option of {selection.name}; allowed: {allowed}",
        field=field,
        metadata={"option": field, "allowed": allowed},
    )


def _called(selection: PluginSelection, function: Callable[..., T], *values: Any) -> T:
    """Returns the result of an installed selection's function.

    Raises:
        MemoryError: The picture is too large for the memory of a decoder.
        PluginFailed: The function raised another exception.
    """
    try:
        return function(*values)
    except MemoryError:
        raise
    except BaseException as error:
        raise PluginFailed(f"the selection {selection.name} failed") from error


def _frame(frame: MeasuredFrame) -> Frame:
    # Samples of 8 bits are not copied.
    luma = frame.luma >> (frame.depth - 8) if frame.depth > 8 else frame.luma
    # Of a view of the array itself, the flag that forbids writing could be set back.
    eight = np.asarray(luma.astype(np.uint8, copy=False).data.toreadonly())
    return Frame(luma=eight, time=frame.media_time, keyframe=frame.keyframe, dhash=frame.dhash)
