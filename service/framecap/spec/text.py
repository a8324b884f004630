"""The parser of a request's text form.

    video/snapshots,f_jpg,w_320,scaletype_fit,inter_500|sys/saveas,o_<base64>/notify,topic_<base64>

The parser is total: for every text it returns a valid request or raises a RequestError that names
the column, the option, its value and the allowed values.
"""

from __future__ import annotations

from typing import Final

from framecap.errors import (
    OptionMissing,
    OptionRepeated,
    OptionUnknown,
    SpecSyntax,
    ValueOutOfRange,
)
from framecap.model.capture import CaptureWarning
from framecap.model.spec import (
    MAX_INT,
    Box,
    CaptureSpec,
    ImageFormat,
    ObjectDestination,
    ScaleType,
    Selection,
)
from framecap.modes.registry import EVERYTHING, TEXT_MODES
from framecap.spec import grammar
from framecap.spec.grammar import FIELD, Call, Setting
from framecap.spec.options import NOTIFY, SAVE_AS, SNAPSHOTS, Action, Option
from framecap.spec.request import EVERY_FRAME, WITHOUT_EFFECT, ParsedRequest
from framecap.timebase import NANOSECONDS_PER_MILLISECOND, Nanoseconds
from framecap.values.kinds import Unfit, Value
from framecap.values.wording import hint, listed, nearest, safe, shown

_COUNT_ALLOWED: Final = f"1..{MAX_INT}"


class _Options:
    """The valid options of one action."""

    def __init__(self, call: Call) -> None:
        self.call: Final = call
        self.columns: Final[dict[str, int]] = {}
        self.values: Final[dict[str, Value]] = {}
        for setting in call.settings:
            option = _option(call.action, setting)
            if option.name in self.columns:
                raise _repeated(setting, self.columns[option.name])
            self.columns[option.name] = setting.column
            self.values[option.name] = _value(option, setting)
        for option in call.action.options:
            if option.required and option.name not in self.values:
                raise _missing(option.name, call.column, "is required", option.kind.allowed)

    def drop_idle(self) -> list[CaptureWarning]:
        """Drops the options without effect and returns a warning for each."""
        given = dict(self.values)
        warnings = []
        for name, column in self.columns.items():
            option = self.call.action.option(name)
            why = option.idle(given) if option else None
            if option and why:
                warnings.append(_idle(name, column, option.kind.write(self.values.pop(name)), why))
        return warnings

    def number(self, name: str) -> int:
        """Returns the option's number, or its default."""
        value = self.values.get(name, _default(self.call.action, name))
        return int(value) if value is not None else 0

    def word(self, name: str) -> str:
        """Returns the option's text, or its default."""
        value = self.values.get(name, _default(self.call.action, name))
        return str(value) if value is not None else ""

    def count(self) -> int:
        """Returns `num`, which must be at least 1."""
        mode = self.word("m")
        if "num" not in self.values:
            why = f"is required with m_{mode}"
            raise _missing("num", self.columns["m"], why, _COUNT_ALLOWED)
        if self.number("num") == 0:
            column = self.columns["num"]
            raise ValueOutOfRange(
                f"{FIELD}:{column}: num: 0 is not in {_COUNT_ALLOWED}, as m_{mode} requires",
                field=FIELD,
                column=column,
                metadata={"option": "num", "value": "0", "allowed": _COUNT_ALLOWED},
            )
        return self.number("num")

    def time(self, name: str) -> Nanoseconds:
        """Returns the option's milliseconds, or those of its default, as an instant."""
        return self.number(name) * NANOSECONDS_PER_MILLISECOND


def parse(text: str) -> ParsedRequest:
    """Returns the request that `text` writes.

    Raises:
        SpecSyntax: The text does not match the grammar.
        OptionUnknown: An option does not exist.
        OptionRepeated: An option or an action is repeated.
        OptionMissing: A required option is missing.
        ValueOutOfRange: A value is not one of those allowed.
    """
    actions = {call.action.name: _Options(call) for call in grammar.read(text)}
    snapshots = actions[SNAPSHOTS.name]
    warnings = snapshots.drop_idle()
    selection = _selection(snapshots)
    if _takes_every_frame(selection) and "inter" not in snapshots.values:
        warnings.append(
            CaptureWarning(
                reason=EVERY_FRAME,
                message=f"{FIELD}: inter: is left out, so every frame is captured",
                metadata={"option": "inter"},
            )
        )
    spec = CaptureSpec(
        selection=selection,
        format=ImageFormat(snapshots.word("f")),
        start=snapshots.time("ss"),
        box=Box(
            width=snapshots.number("w") or None,
            height=snapshots.number("h") or None,
            width_percent=snapshots.number("pw"),
            height_percent=snapshots.number("ph"),
        ),
        scale_type=ScaleType(snapshots.word("scaletype")),
        destination=_destination(actions.get(SAVE_AS.name)),
        notify_topic=_topic(actions.get(NOTIFY.name)),
    )
    return ParsedRequest(spec=spec, warnings=tuple(warnings))


def _selection(options: _Options) -> Selection:
    selection: Selection = TEXT_MODES[options.word("m")].read_text(options)
    return selection


def _takes_every_frame(selection: Selection) -> bool:
    return selection == EVERYTHING


def _destination(options: _Options | None) -> ObjectDestination | None:
    if options is None:
        return None
    return ObjectDestination(bucket=options.word("b") or None, key_template=options.word("o"))


def _topic(options: _Options | None) -> str | None:
    return None if options is None else options.word("topic")


def _default(action: Action, name: str) -> Value | None:
    option = action.option(name)
    return option.default if option else None


def _option(action: Action, setting: Setting) -> Option:
    option = action.option(setting.name)
    if option is not None:
        return option
    names = [option.name for option in action.options]
    also = {word: option.name for option in action.options for word in option.also}
    close = nearest(setting.name, names, also)
    metadata = {"option": safe(setting.name), "allowed": listed(names)}
    if setting.value is not None:
        metadata["value"] = safe(setting.value)
    if close:
        metadata["nearest"] = close
    raise OptionUnknown(
        f"{FIELD}:{setting.column}: {shown(setting.name)}: is no option of {action.name}; "
        f"allowed: {listed(names)}{hint(close)}",
        field=FIELD,
        column=setting.column,
        metadata=metadata,
    )


def _value(option: Option, setting: Setting) -> Value:
    metadata = {"option": option.name, "allowed": option.kind.allowed}
    at = f"{FIELD}:{setting.column}: {option.name}:"
    if not setting.value:
        raise SpecSyntax(
            f"{at} has no value; allowed: {option.kind.allowed}",
            field=FIELD,
            column=setting.column,
            metadata=metadata | {"value": ""},
        )
    try:
        return option.kind.read(setting.value)
    except Unfit as error:
        metadata["value"] = safe(setting.value)
        if error.nearest:
            metadata["nearest"] = error.nearest
        raise ValueOutOfRange(
            f"{at} {error.message}", field=FIELD, column=setting.column, metadata=metadata
        ) from None


def _repeated(setting: Setting, first: int) -> OptionRepeated:
    metadata = {"option": setting.name, "first_column": str(first)}
    if setting.value is not None:
        metadata["value"] = safe(setting.value)
    return OptionRepeated(
        f"{FIELD}:{setting.column}: {setting.name}: stands twice, first at {first}",
        field=FIELD,
        column=setting.column,
        metadata=metadata,
    )


def _missing(name: str, column: int, why: str, allowed: str) -> OptionMissing:
    return OptionMissing(
        f"{FIELD}:{column}: {name}: {why}; allowed: {allowed}",
        field=FIELD,
        column=column,
        metadata={"option": name, "allowed": allowed},
    )


def _idle(name: str, column: int, value: str, why: str) -> CaptureWarning:
    return CaptureWarning(
        reason=WITHOUT_EFFECT,
        message=f"{FIELD}:{column}: {name}: {value} has no effect {why}",
        metadata={"option": name, "value": value, "column": str(column)},
    )
