"""The options of the text form, one row each.

The rows drive the parser, the formatter, the error messages of both, the table in the
documentation and the fuzzers. A new option is a row here and its handling in `text.py` and
`format.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from framecap.formats.registry import FORMATS
from framecap.model.spec import MAX_PERCENT, MAX_SIDE, MIN_SIDE, ScaleType
from framecap.modes.registry import DEFAULT, TEXT_MODES
from framecap.values.kinds import Base64Text, Choice, Kind, Value, Whole

Given: TypeAlias = Mapping[str, Value]
"""The options an action was given, by name."""


def _always(given: Given) -> None:
    """Returns None: the option always has an effect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option of an action."""

    name: str
    """Its name, followed by `_` and its value."""

    kind: Kind
    """The kind of its values."""

    default: Value | None = None
    """Its value when it is left out; None when it has no fixed default."""

    default_text: str = ""
    """The default in words, when `default` is None."""

    required: bool = False
    """True when it cannot be left out."""

    meaning: str
    """Its effect, in words."""

    also: tuple[str, ...] = ()
    """Words that people write by mistake for its name. Only for suggestions."""

    idle: Callable[[Given], str | None] = _always
    """Returns why it has no effect with the given options; None when it has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One action and its options."""

    name: str
    """Its name, the first word of the action."""

    options: tuple[Option, ...]
    """Its options, in canonical order."""

    def option(self, name: str) -> Option | None:
        """Returns the option of that name, if there is one."""
        return next((option for option in self.options if option.name == name), None)


def _mode_idle(option: str) -> Callable[[Given], str | None]:
    """Returns the `idle` function of an option that only some modes have."""
    modes = [name for name, mode in TEXT_MODES.items() if option in (mode.text_options or ())]

    def idle(given: Given) -> str | None:
        name = given.get("m", DEFAULT.name)
        if name in modes:
            return None
        return f"outside m_{modes[0]}" if len(modes) == 1 else f"with m_{name}"

    return idle


def _percent_idle(side: str) -> Callable[[Given], str | None]:
    return lambda given: f"beside {side}" if side in given else None


def _scaletype_idle(given: Given) -> str | None:
    sides = any(given.get(name) is not None for name in ("w", "h"))
    percents = any(given.get(name, 100) != 100 for name in ("pw", "ph"))
    return None if sides or percents else "without a box"


_PIXELS: Final = Whole(MIN_SIDE, MAX_SIDE, "px")
_PERCENT: Final = Whole(1, MAX_PERCENT, "%")
_MILLISECONDS: Final = Whole(0, unit="ms")

SNAPSHOTS: Final = Action(
    name="video/snapshots",
    options=(
        Option(
            name="ss",
            kind=_MILLISECONDS,
            default=0,
            meaning="where capture begins",
            also=("s", "start", "seek", "offset", "t"),
        ),
        Option(
            name="f",
            kind=Choice(
                tuple(format.value for format in FORMATS),
                also={
                    word: format.value
                    for format, row in FORMATS.items()
                    for word in row.extensions - {format.value}
                },
            ),
            required=True,
            meaning="image format",
            also=("format", "fmt", "ext"),
        ),
        Option(
            name="m",
            kind=Choice(
                tuple(TEXT_MODES),
                also={
                    word: name for name, mode in TEXT_MODES.items() for word in mode.misspellings
                },
            ),
            default=DEFAULT.name,
            meaning="capture mode",
            also=("mode",),
        ),
        Option(
            name="thr",
            kind=Whole(0, 100),
            default=0,
            meaning="change threshold; `dhash` only. Larger keeps fewer frames",
            also=("threshold",),
            idle=_mode_idle("thr"),
        ),
        Option(
            name="num",
            kind=Whole(0),
            default=0,
            meaning="how many frames at most; 0 = no limit (refused with `avg`)",
            also=("n", "count", "number"),
        ),
        Option(
            name="inter",
            kind=_MILLISECONDS,
            default=0,
            meaning="grid step; 0 = every frame. Ignored by `key` and `avg`",
            also=("interval", "step", "spacing"),
            idle=_mode_idle("inter"),
        ),
        Option(
            name="w",
            kind=_PIXELS,
            default_text="source width",
            meaning="width of the box",
            also=("width",),
        ),
        Option(
            name="h",
            kind=_PIXELS,
            default_text="source height",
            meaning="height of the box",
            also=("height",),
        ),
        Option(
            name="pw",
            kind=_PERCENT,
            default=100,
            meaning="width of the box in percent of the source; ignored when `w` is given",
            idle=_percent_idle("w"),
        ),
        Option(
            name="ph",
            kind=_PERCENT,
            default=100,
            meaning="height of the box in percent of the source; ignored when `h` is given",
            idle=_percent_idle("h"),
        ),
        Option(
            name="scaletype",
            kind=Choice(
                tuple(s.value for s in ScaleType),
                also={"pad": "fill", "cover": "crop", "contain": "fit", "scale": "stretch"},
            ),
            default="stretch",
            meaning="how the picture meets the box; without effect where there is none",
            also=("scale", "type", "resize"),
            idle=_scaletype_idle,
        ),
    ),
)

SAVE_AS: Final = Action(
    name="sys/saveas",
    options=(
        Option(
            name="b",
            kind=Base64Text(),
            default_text="the source's",
            meaning="target bucket",
            also=("bucket",),
        ),
        Option(
            name="o",
            kind=Base64Text(),
            required=True,
            meaning="template of the target keys",
            also=("object", "key"),
        ),
    ),
)

NOTIFY: Final = Action(
    name="notify",
    options=(
        Option(
            name="topic",
            kind=Base64Text(),
            required=True,
            meaning="topic that is notified when the task ends",
        ),
    ),
)

FOLLOW_UPS: Final = (SAVE_AS, NOTIFY)
ACTIONS: Final = (SNAPSHOTS, *FOLLOW_UPS)


def table() -> str:
    """Returns the options of all actions as Markdown, for the documentation."""
    lines = ["| action | key | type | valid | default | meaning |", "|---|---|---|---|---|---|"]
    for action in ACTIONS:
        for option in action.options:
            cells = (
                f"`{action.name}`",
                f"`{option.name}`",
                option.kind.name,
                option.kind.allowed,
                _default(option),
                option.meaning,
            )
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _default(option: Option) -> str:
    if option.required:
        return "required"
    return option.default_text or f"`{option.default}`"
