"""The interface of a mode: every property in which modes differ."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
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
            OptionMissing: It is missing.
            ValueOutOfRange: It is 0.
        """
        ...

    def time(self, name: str) -> Nanoseconds:
        """Returns the option's milliseconds, or its default, in nanoseconds."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The counts of a capture that explain a shortfall."""

    captured: int
    """Images captured."""

    answered: int
    """Instants answered by them."""

    sampled: int
    """Samples compared."""

    end: Nanoseconds | None
    """The true end of the video; None when not known."""

    undecodable: int = 0
    """Packets that could not be decoded."""


class Mode(ABC, Generic[S]):
    """One mode of choosing frames. Stateless; selections carry the values."""

    name: ClassVar[str]
    """Its name in the text form (if that has it), in metrics and in plans."""

    selection: type[Selection]
    """The type of its selections."""

    case: ClassVar[str]
    """Its case of `framecap.v1.CaptureSpec.selection`."""

    text_options: ClassVar[frozenset[str] | None] = None
    """The text form's options that affect it; None if the text form lacks the mode."""

    misspellings: ClassVar[tuple[str, ...]] = ()
    """Names that people write instead of its name. Only for suggestions."""

    keyframes_only: ClassVar[bool] = False
    """True when it can choose nothing but keyframes."""

    noun: ClassVar[str] = "frame"
    """The noun for the frames it chooses, for messages."""

    below_threshold: ClassVar[str] = "changed too little"
    """The words for samples that did not pass, for messages."""

    # The forms of a request.

    def read_text(self, options: TextOptions) -> S:
        """Returns the selection that the options state. Only for a mode of the text form."""
        raise NotImplementedError

    def write_text(self, selection: S) -> Mapping[str, Value] | None:
        """Returns the options that state a selection; None when no options can."""
        return None

    @abstractmethod
    def read_proto(self, message: Any) -> S:
        """Returns the selection that the case's message states.

        Raises:
            RequestError: The message states no valid selection.
        """

    @abstractmethod
    def write_proto(self, selection: S, message: pb.CaptureSpec, *, defaults: bool) -> None:
        """Writes a selection into a message, with its defaults or without."""

    @abstractmethod
    def first_only(self, selection: S) -> Selection:
        """Returns a selection of only the first frame that `selection` chooses."""

    # Installed selections.

    def check_enabled(self, selection: S, enabled: Collection[str]) -> None:
        """Checks, in the service, that the operator enabled what the selection needs.

        Args:
            selection: The selection.
            enabled: The names of the enabled selections.

        Raises:
            RequestError: The operator did not.
        """
        return

    def check_options(self, selection: S) -> None:
        """Checks, in a decoder, options that only the code of an installed selection knows.

        Raises:
            RequestError: An option is not valid.
        """
        return

    # Instants.

    def names_instants(self, selection: S) -> bool:
        """Returns whether the selection names instants, and so may skip the frames between."""
        return True

    def needs_end(self) -> bool:
        """Returns whether the choice depends on the true end of the video."""
        return False

    def grid(self, spec: CaptureSpec, selection: S, end: Fraction | None) -> Grid | None:
        """Returns the instants; None for a selection that names no instants.

        Args:
            spec: The request.
            selection: Its selection.
            end: The true end of the video in nanoseconds, known if the mode needs it.
        """
        return None

    def is_sparse(self, selection: S, duration: Nanoseconds | None) -> bool:
        """Returns whether instants are so far apart that reading all packets first saves time.

        Args:
            selection: The selection.
            duration: The duration that the container claims; None where it claims none.
        """
        return False

    def resumes(self, selection: S) -> bool:
        """Returns whether a later attempt may go on after the images that are stored.

        So the choice of a frame must not depend on frames that come before the last image.
        """
        return True

    # Numbers.

    @abstractmethod
    def requested_count(self, selection: S) -> int | None:
        """Returns the requested number of images; None if the selection sets none."""

    def limit(self, selection: S) -> int | None:
        """Returns the number of frames at which decoding may stop; None if the choice decides."""
        return None

    def rank_count(self, selection: S) -> int:
        """Returns the number of samples chosen by rank; 0 when all that pass are chosen."""
        return 0

    @abstractmethod
    def expected(
        self, selection: S, length: Fraction | None, info: MediaInfo
    ) -> tuple[int | None, bool]:
        """Returns the expected number of images, and whether it is certain.

        Args:
            selection: The selection.
            length: Nanoseconds of the captured range; None when not known.
            info: The description of the source.
        """

    @abstractmethod
    def causes(self, selection: S, outcome: Outcome, missing: int) -> list[tuple[Lack, int]]:
        """Returns the causes of `missing` images with their counts, which may be 0."""

    def given(self, selection: S) -> Mapping[str, bool]:
        """Returns, by option name of the text form, whether the request gave the option."""
        return {"m": True, "num": bool(self.requested_count(selection))}

    # Choosing.

    def comparison(self, selection: S) -> Comparison | None:
        """Returns the comparison of samples; None for a mode that compares no pictures."""
        return None

    def selector(
        self,
        spec: CaptureSpec,
        selection: S,
        grid: Grid | None,
        clock: Clock,
        feature_of: FeatureOf,
    ) -> Selector:
        """Returns the selector of the frames.

        Args:
            spec: The request.
            selection: Its selection.
            grid: Its instants; None for a selection that names no instants.
            clock: The captured stream's clock.
            feature_of: Returns the feature of a frame that `comparison` compares.
        """
        return along(spec, grid, clock, max_count=self.limit(selection) or 0)


def along(spec: CaptureSpec, grid: Grid | None, clock: Clock, *, max_count: int) -> Selector:
    """Returns the selector of the frames at a grid's instants; without a grid, of every frame."""
    if grid is None:
        return EveryFrameSelector(clock, start=spec.start, end=spec.end, max_count=max_count)
    return InstantSelector(grid, clock, max_count=max_count)
