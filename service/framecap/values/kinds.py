"""The kinds of value of the options of the text form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from framecap.model.spec import MAX_INT
from framecap.values import base64text
from framecap.values.base64text import MAX_TEXT_BYTES
from framecap.values.wording import hint, listed, nearest, shown

Value: TypeAlias = int | str

_MOST_DIGITS: Final = len(str(MAX_INT))


class Unfit(ValueError):
    """A text is not a valid value of its kind.

    Args:
        message: The sentence, without the option's name.
        nearest: The valid value that the caller probably meant; None if none is close.
    """

    def __init__(self, message: str, nearest: str | None = None) -> None:
        super().__init__(message)
        self.message: Final = message
        self.nearest: Final = nearest


@dataclass(frozen=True, slots=True)
class Whole:
    """Whole numbers in a range, written in decimal digits only."""

    low: int
    """The least."""

    high: int = MAX_INT
    """The greatest."""

    unit: str = ""
    """The unit, for people."""

    @property
    def name(self) -> str:
        """The name of the kind, for people."""
        return f"int, {self.unit}" if self.unit else "int"

    @property
    def allowed(self) -> str:
        """The allowed values, for people."""
        return f"{self.low}..{self.high}"

    def read(self, text: str) -> int:
        """Returns the number that `text` states.

        Raises:
            Unfit: It is not a whole number in the range.
        """
        # int() also accepts "+5", "1_0", " 5" and the digits of other scripts.
        if re.fullmatch(r"-?[0-9]+", text) is None:
            raise Unfit(f"{shown(text)} is not a whole number in {self.allowed}")
        digits = text.lstrip("0") or "0"
        if (
            text.startswith("-")
            or len(digits) > _MOST_DIGITS
            or not self.low <= int(digits) <= self.high
        ):
            raise Unfit(f"{shown(text)} is not in {self.allowed}")
        return int(digits)

    def write(self, value: Value) -> str:
        """Returns the text that `read` turns into `value`."""
        return str(value)


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few names."""

    names: tuple[str, ...]
    """The names."""

    also: Mapping[str, str] = field(default_factory=dict)
    """Names that people write instead, each with the valid name. Only for suggestions."""

    @property
    def name(self) -> str:
        """The name of the kind, for people."""
        return "enum"

    @property
    def allowed(self) -> str:
        """The allowed values, for people."""
        return listed(self.names)

    def read(self, text: str) -> str:
        """Returns `text` if it is one of the names.

        Raises:
            Unfit: It is none of them.
        """
        if text in self.names:
            return text
        close = nearest(text, self.names, self.also)
        raise Unfit(f"{shown(text)} is not one of {self.allowed}{hint(close)}", close)

    def write(self, value: Value) -> str:
        """Returns the text that `read` turns into `value`."""
        return str(value)


@dataclass(frozen=True, slots=True)
class Base64Text:
    """Text without control characters, in base64."""

    @property
    def name(self) -> str:
        """The name of the kind, for people."""
        return "base64"

    @property
    def allowed(self) -> str:
        """The allowed values, for people."""
        return f"1..{MAX_TEXT_BYTES} bytes of text in URL-safe base64"

    def read(self, text: str) -> str:
        """Returns the decoded text.

        Raises:
            Unfit: It does not encode a text.
        """
        try:
            return base64text.decode(text)
        except ValueError as error:
            raise Unfit(f"{shown(text)} {error}") from None

    def write(self, value: Value) -> str:
        """Returns the text that `read` turns into `value`."""
        return base64text.encode(str(value))


Kind: TypeAlias = Whole | Choice | Base64Text
