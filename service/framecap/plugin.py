"""The interface of plug-ins: selections of frames that an operator installs.

A plug-in is a class derived from `Selection`, in a package that names it in the entry point group
`framecap.selections`. It imports nothing else of framecap. docs/plugins.md has an example.

A selection scores samples: frames on a grid, or every frame. The request says how far apart samples
are and how many images there may be; the selection says which scores pass. Of those that pass, the
highest are captured where the request limits their number, all of them where it does not.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final

import numpy as np
import numpy.typing as npt

__all__ = ["Frame", "OptionError", "Options", "Selection"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """A sampled frame."""

    luma: npt.NDArray[np.uint8] = field(repr=False)
    """The luma of the decoded picture at its full size: shape (rows, columns), read-only.

    As stored: cropped, but not rotated, and in the video's own range, which for most videos is
    16..235. Of samples with more than 8 bits it has the highest 8. Rows may be padded. It views the
    decoder's memory, so a feature must not contain it or a part of it, only a copy.
    """

    time: Fraction
    """The media time at which the frame appears, in seconds, exact."""

    keyframe: bool
    """True for a keyframe."""

    dhash: int
    """The difference hash of the luma, 64 bits."""


class OptionError(ValueError):
    """An option is refused.

    Args:
        option: The option's name.
        value: Its value; None when a required option is missing.
        why: The end of the sentence that begins with the value: `is not in 1..8`.
        allowed: The allowed values.
    """

    def __init__(self, option: str, value: str | None, why: str, allowed: str) -> None:
        super().__init__(f"{option}: {value} {why}")
        self.option: Final = option
        self.value: Final = value
        self.why: Final = why
        self.allowed: Final = allowed


class Options:
    """The options of a request. An option that is never read is refused as unknown.

    Each method reads one option. The option is required where `default` is None.

    Args:
        texts: The values by name, as the request has them.
    """

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = dict(texts)
        self._known: dict[str, None] = {}

    def integer(self, name: str, default: int | None = None, *, low: int, high: int) -> int:
        """Returns a whole number in `low..high`.

        Raises:
            OptionError: It is not, or a required option is missing.
        """
        allowed = f"{low}..{high}"
        text = self._text(name, required=default is None, allowed=allowed)
        if text is None:
            assert default is not None
            return default
        digits = text.removeprefix("-")
        # Longer texts take int() long, and cannot be in any range.
        if digits.isascii() and digits.isdecimal() and len(digits) <= 20:
            value = int(text)
            if low <= value <= high:
                return value
        raise OptionError(name, text, f"is not in {allowed}", allowed)

    def decimal(
        self,
        name: str,
        default: Fraction | int | None = None,
        *,
        low: Fraction | int,
        high: Fraction | int,
    ) -> Fraction:
        """Returns a decimal number such as `2.5` in `low..high`, exactly.

        Raises:
            OptionError: It is not, or a required option is missing.
        """
        allowed = f"{float(low):.15g}..{float(high):.15g}"
        text = self._text(name, required=default is None, allowed=allowed)
        if text is None:
            assert default is not None
            return Fraction(default)
        whole, point, rest = text.removeprefix("-").partition(".")
        digits = whole + rest
        if digits.isascii() and digits.isdecimal() and whole and (rest or not point):
            value = Fraction(text) if len(digits) <= 40 else None
            if value is not None and low <= value <= high:
                return value
        raise OptionError(name, text, f"is not in {allowed}", allowed)

    def text(
        self, name: str, default: str | None = None, *, allowed: Collection[str] | None = None
    ) -> str:
        """Returns a text; one of `allowed`, where that is given.

        Raises:
            OptionError: It is not, or a required option is missing.
        """
        words = "a text" if allowed is None else ", ".join(allowed)
        text = self._text(name, required=default is None, allowed=words)
        if text is None:
            assert default is not None
            return default
        if allowed is not None and text not in allowed:
            raise OptionError(name, text, f"is not one of {words}", words)
        return text

    @property
    def known(self) -> tuple[str, ...]:
        """The names that were read, whether or not the request gives them."""
        return tuple(self._known)

    @property
    def unknown(self) -> tuple[str, ...]:
        """The names that the request gives and that were not read."""
        return tuple(name for name in self._texts if name not in self._known)

    def _text(self, name: str, *, required: bool, allowed: str) -> str | None:
        self._known[name] = None
        text = self._texts.get(name)
        if text is None and required:
            raise OptionError(name, None, "is required", allowed)
        return text


class Selection(ABC):
    """A selection of frames, as one request configures it.

    The constructor reads and checks the request's options; it runs before the video is opened. An
    object must not change afterwards: several threads call `feature` at once, out of order, and
    `score` may be called more than once for a sample. So the result depends on nothing but the
    frames. An exception, except an `OptionError` of the constructor, ends the capture; the service
    logs it, and the client receives an incident's number.

    Args:
        options: The options of the request.
    """

    def __init__(self, options: Options) -> None:  # noqa: B027
        """Reads the options; this class has none."""

    @abstractmethod
    def feature(self, frame: Frame) -> Any:
        """Returns the value by which a frame is compared: anything small except None.

        A number, bytes, or an array, so that its size is known; features of samples that wait for
        their turn count to the memory of a capture. Several threads call it at once.
        """

    @abstractmethod
    def score(self, feature: Any, previous: Any | None) -> float:
        """Returns the score of a sample, a finite number.

        Args:
            feature: The sample's feature.
            previous: The feature of the sample before; None for the first.
        """

    def passes(self, score: float) -> bool:
        """Returns whether a sample with that score may be captured; True unless overridden."""
        return True
