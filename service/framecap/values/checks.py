"""Checks of single fields of the structured form. Each error names the path of its field."""

from __future__ import annotations

from typing import Final

from google.protobuf import duration_pb2

from framecap.errors import OptionMissing, ValueOutOfRange
from framecap.model.spec import MAX_INT
from framecap.timebase import NANOSECONDS_PER_MILLISECOND, NANOSECONDS_PER_SECOND, Nanoseconds
from framecap.values import base64text
from framecap.values.wording import shown

MAX_OFFSET: Final = MAX_INT * NANOSECONDS_PER_MILLISECOND
"""The longest duration: the largest number of milliseconds of the text form."""


def number(field: str, value: int, low: int, high: int = MAX_INT) -> int:
    """Returns `value` if it is in `low..high`.

    Raises:
        ValueOutOfRange: It is not.
    """
    if low <= value <= high:
        return value
    raise refused(field, str(value), f"is not in {low}..{high}", f"{low}..{high}")


def number_or(default: int, field: str, value: int, low: int, high: int = MAX_INT) -> int:
    """Returns `value`, or `default` when it is 0, which means unset.

    Raises:
        ValueOutOfRange: It is neither 0 nor in `low..high`.
    """
    return number(field, value, low, high) if value else default


def offset(field: str, value: duration_pb2.Duration) -> Nanoseconds:
    """Returns a duration in nanoseconds if it is well formed, not negative and not too long.

    Raises:
        ValueOutOfRange: It is not.
    """
    if abs(value.nanos) >= NANOSECONDS_PER_SECOND:
        allowed = f"0..{NANOSECONDS_PER_SECOND - 1}"
        raise refused(f"{field}.nanos", str(value.nanos), f"is not in {allowed}", allowed)
    if value.seconds * value.nanos < 0:
        shown_value = f"{value.seconds} s and {value.nanos} ns"
        raise refused(field, shown_value, "differ in sign", "seconds and nanos of the same sign")
    instant = value.seconds * NANOSECONDS_PER_SECOND + value.nanos
    if not 0 <= instant <= MAX_OFFSET:
        allowed = f"{seconds(0)}..{seconds(MAX_OFFSET)}"
        raise refused(field, seconds(instant), f"is not in {allowed}", allowed)
    return instant


def plain(field: str, value: str) -> str:
    """Returns `value` if it is short enough and has no control characters.

    Raises:
        ValueOutOfRange: It is too long or has control characters.
    """
    try:
        base64text.check_text(value, "holds")
    except ValueError as error:
        allowed = f"up to {base64text.MAX_TEXT_BYTES} bytes without control characters"
        raise refused(field, shown(value), str(error), allowed) from None
    return value


def required(field: str, value: str, allowed: str) -> str:
    """Returns `value` if it is not empty, short enough and has no control characters.

    Raises:
        OptionMissing: It is empty.
        ValueOutOfRange: It is too long or has control characters.
    """
    if not value:
        raise missing(field, allowed)
    return plain(field, value)


def refused(field: str, value: str, why: str, allowed: str) -> ValueOutOfRange:
    """Returns the error of a value that is not allowed."""
    return ValueOutOfRange(
        f"{field}: {value} {why}",
        field=field,
        metadata={"option": field, "value": value, "allowed": allowed},
    )


def missing(field: str, allowed: str) -> OptionMissing:
    """Returns the error of a required field that is missing."""
    return OptionMissing(
        f"{field}: is required; allowed: {allowed}",
        field=field,
        metadata={"option": field, "allowed": allowed},
    )


def seconds(instant: Nanoseconds) -> str:
    """Returns an instant in exact seconds, in the JSON form of a duration: `1.5s`."""
    whole, nanos = divmod(abs(instant), NANOSECONDS_PER_SECOND)
    digits = f".{nanos:09}".rstrip("0").rstrip(".")
    return f"{'-' if instant < 0 else ''}{whole}{digits}s"


def milliseconds(instant: Nanoseconds) -> int | None:
    """Returns an instant in whole milliseconds; None if it is not a whole number of them."""
    whole, rest = divmod(instant, NANOSECONDS_PER_MILLISECOND)
    return None if rest else whole


def duration(instant: Nanoseconds) -> duration_pb2.Duration:
    """Returns an instant that is not negative as a duration."""
    whole, nanos = divmod(instant, NANOSECONDS_PER_SECOND)
    return duration_pb2.Duration(seconds=whole, nanos=nanos)
