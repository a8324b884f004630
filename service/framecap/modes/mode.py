"""What everything that depends on the mode asks of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from framecap.model.capture import Lack
from framecap.model.grid import Grid
from framecap.model.media import MediaInfo
from framecap.model.spec import CaptureSpec, Selection
from framecap.modes.features import Comparison, FeatureOf
from framecap.modes.selectors.every import EveryFrameSelector
from framecap.modes.selectors.instants import InstantSelector
from framecap.modes.selectors.selector import Selector
from framecap.timebase import Clock, Nanoseconds
from framecap.v1 import capture_pb2 as pb
from framecap.values.kinds import Value

S = TypeVar("S", bound=Selection)


class TextOptions(Protocol):
    """The options of `video/snapshots`, as a mode reads its own."""

    def number(self, name: str) -> int:
        """Returns the option's number, or its default."""
        ...

    def count(self) -> int:
        """Returns `num`, which must be at least 1.

        Raises:
            OptionMissing: It is not there.
            ValueOutOfRange: It is 0.
        """
        ...

    def time(self, name: str) -> Nanoseconds:
        """Returns the option's milliseconds, or its default's, as an instant."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The figures of a capture that explain a shortfall."""

    captured: int
    """Images captured."""

    answered: int
    """Instants answered by them."""

    sampled: int
    """Samples compared."""

    end: Nanoseconds | None
    """The true end of the video, where known."""

    undecodable: int = 0
    """Packets that gave no frame."""


class Mode(ABC, Generic[S]):
    """Everything that differs from mode to mode. Stateless; selections carry the values."""

    name: ClassVar[str]
    """Its name in the text form, where that has it, in metrics and in plans."""

    selection: type[Selection]
    """The selections it is the mode of."""

    case: ClassVar[str]
    """Its case of `framecap.v1.CaptureSpec.selection`."""

    text_options: ClassVar[frozenset[str] | None] = None
    """The text form's options that have an effect with it; None where the text form lacks it."""

    misspellings: ClassVar[tuple[str, ...]] = ()
    """What people write instead of its name. Only for suggestions."""

    keyframes_only: ClassVar[bool] = False
    """True when it can choose nothing but keyframes."""

    noun: ClassVar[str] = "frame"
    """What it chooses, for sentences."""

    # The forms of a request.

    def read_text(self, options: TextOptions) -> S:
        """Returns the selection that options say. Only where the text form has the mode."""
        raise NotImplementedError

    def write_text(self, selection: S) -> Mapping[str, Value] | None:
        """Returns the options that say a selection; None when none do."""
        return None

    @abstractmethod
    def read_proto(self, message: Any) -> S:
        """Returns the selection that the case's message says.

        Raises:
            RequestError: It says none.
        """

    @abstractmethod
    def write_proto(self, selection: S, message: pb.CaptureSpec, *, defaults: bool) -> None:
        """Writes a selection into a message, with its defaults or without."""

    @abstractmethod
    def first_only(self, selection: S) -> Selection:
        """Returns the selection of only the first frame that `selection` chooses."""

    # Instants.

    def names_instants(self, selection: S) -> bool:
        """Returns whether frames are chosen for being on screen at instants."""
        return True

    def needs_end(self) -> bool:
        """Returns whether the choice depends on the true end of the video."""
        return False

    def grid(self, spec: CaptureSpec, selection: S, end: Fraction | None) -> Grid | None:
        """Returns the instants; None where frames are chosen for being there.

        Args:
            spec: The request.
            selection: Its selection.
            end: The true end of the video in nanoseconds, known where the mode needs it.
        """
        return None

    def is_sparse(self, selection: S, duration: Nanoseconds | None) -> bool:
        """Returns whether instants are so far apart that a pass over packets pays.

        Args:
            selection: The selection.
            duration: The length that the container claims; None where it claims none.
        """
        return False

    # Numbers.

    @abstractmethod
    def requested_count(self, selection: S) -> int | None:
        """Returns how many images are requested; None where no number is."""

    def limit(self, selection: S) -> int | None:
        """Returns after how many frames decoding may stop; None where only the choice tells."""
        return None

    def rank_count(self, selection: S) -> int:
        """Returns how many of the samples are chosen by rank; 0 where all that pass are."""
        return 0

    @abstractmethod
    def expected(
        self, selection: S, length: Fraction | None, info: MediaInfo
    ) -> tuple[int | None, bool]:
        """Returns how many images to expect, and whether that is certain.

        Args:
            selection: The selection.
            length: Nanoseconds of the captured range; None where not known.
            info: What the source contains.
        """

    @abstractmethod
    def causes(self, selection: S, outcome: Outcome, missing: int) -> list[tuple[Lack, int]]:
        """Returns why so many images are missing; counts may be 0."""

    def given(self, selection: S) -> Mapping[str, bool]:
        """Returns which options a request gave, by their names in the text form."""
        return {"m": True, "num": bool(self.requested_count(selection))}

    # Choosing.

    def comparison(self, selection: S) -> Comparison | None:
        """Returns how samples are compared; None where frames are chosen without a look at them."""
        return None

    def selector(
        self,
        spec: CaptureSpec,
        selection: S,
        grid: Grid | None,
        clock: Clock,
        feature_of: FeatureOf,
    ) -> Selector:
        """Returns what chooses the frames.

        Args:
            spec: The request.
            selection: Its selection.
            grid: Its instants; None where frames are chosen for being there.
            clock: The captured stream's clock.
            feature_of: Returns the feature of a frame that `comparison` compares.
        """
        return along(spec, grid, clock, max_count=self.limit(selection) or 0)


def along(spec: CaptureSpec, grid: Grid | None, clock: Clock, *, max_count: int) -> Selector:
    """Returns what chooses the frames at a grid's instants; without a grid every frame."""
    if grid is None:
        return EveryFrameSelector(clock, start=spec.start, end=spec.end, max_count=max_count)
    return InstantSelector(grid, clock, max_count=max_count)
