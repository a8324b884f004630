"""Modes that compare samples with one another."""

from __future__ import annotations

from abc import abstractmethod
from typing import TypeVar

from framecap.model.grid import Grid
from framecap.model.spec import CaptureSpec, Selection
from framecap.modes.features import Comparison, FeatureOf
from framecap.modes.mode import Mode, along
from framecap.modes.selectors.compared import ComparedSelector
from framecap.modes.selectors.selector import Selector
from framecap.timebase import Clock

S = TypeVar("S", bound=Selection)


class ComparedMode(Mode[S]):
    """Samples on a grid, each scored against its reference."""

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
