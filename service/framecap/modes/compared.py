"""Modes that compare samples with one another."""

from __future__ import annotations

from abc import abstractmethod
from fractions import Fraction
from typing import TypeVar

from framecap.model.capture import Lack
from framecap.model.grid import Grid
from framecap.model.media import MediaInfo
from framecap.model.spec import CaptureSpec, ComparedSelection
from framecap.modes.features import Comparison, FeatureOf
from framecap.modes.interval import uniform
from framecap.modes.mode import Mode, Outcome, along
from framecap.modes.selectors.compared import ComparedSelector
from framecap.modes.selectors.selector import Selector
from framecap.modes.sparse import SPARSE
from framecap.timebase import Clock, Nanoseconds

S = TypeVar("S", bound=ComparedSelection)


class ComparedMode(Mode[S]):
    """Samples on a grid, each scored against its reference."""

    def names_instants(self, selection: S) -> bool:
        """Returns whether there is a step."""
        return selection.spacing > 0

    def grid(self, spec: CaptureSpec, selection: S, end: Fraction | None) -> Grid | None:
        """Returns the instants of the samples; None when every frame is a sample."""
        return uniform(spec, selection.spacing)

    def is_sparse(self, selection: S, duration: Nanoseconds | None) -> bool:
        """Returns whether samples lie at least `SPARSE` apart."""
        return selection.spacing >= SPARSE

    def resumes(self, selection: S) -> bool:
        """Returns False: a sample's score may depend on all samples before it."""
        return False

    def rank_count(self, selection: S) -> int:
        """Returns the number of samples chosen for the highest scores; 0 for all that pass."""
        return selection.max_count

    def requested_count(self, selection: S) -> int | None:
        """Returns the limit, if there is one."""
        return selection.max_count or None

    def expected(
        self, selection: S, length: Fraction | None, info: MediaInfo
    ) -> tuple[int | None, bool]:
        """Returns the limit: the number of samples that pass is not known."""
        return selection.max_count or None, False

    def causes(self, selection: S, outcome: Outcome, missing: int) -> list[tuple[Lack, int]]:
        """Returns the samples that did not pass, and the end of the samples."""
        below = min(missing, outcome.sampled - outcome.captured)
        return [(Lack.BELOW_THRESHOLD, below), (Lack.NO_MORE_FRAMES, missing - below)]

    @abstractmethod
    def comparison(self, selection: S) -> Comparison:
        """Returns the comparison of samples."""

    def selector(
        self,
        spec: CaptureSpec,
        selection: S,
        grid: Grid | None,
        clock: Clock,
        feature_of: FeatureOf,
    ) -> Selector:
        """Returns the selector of the samples that pass."""
        samples = along(spec, grid, clock, max_count=0)
        return ComparedSelector(samples, feature_of, self.comparison(selection))
