"""`inter`: one frame per step of a time grid, or every frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from framecap.model.capture import Lack
from framecap.model.grid import Grid, UniformGrid
from framecap.model.media import MediaInfo
from framecap.model.spec import CaptureSpec, IntervalSelection
from framecap.modes.mode import Mode, Outcome, TextOptions
from framecap.modes.sparse import SPARSE
from framecap.timebase import NANOSECONDS_PER_SECOND, Nanoseconds
from framecap.v1 import capture_pb2 as pb
from framecap.values import checks
from framecap.values.kinds import Value


class IntervalMode(Mode[IntervalSelection]):
    """One frame per step of a time grid; with step 0 every frame."""

    name = "inter"
    selection = IntervalSelection
    case = "interval"
    text_options = frozenset({"inter", "num"})
    misspellings = ("interval",)

    def read_text(self, options: TextOptions) -> IntervalSelection:
        """Returns the selection that the options state."""
        return IntervalSelection(spacing=options.time("inter"), max_count=options.number("num"))

    def write_text(self, selection: IntervalSelection) -> Mapping[str, Value] | None:
        """Returns the options that state a selection; None for a step between milliseconds."""
        step = checks.milliseconds(selection.spacing)
        return None if step is None else {"inter": step, "num": selection.max_count}

    def read_proto(self, message: Any) -> IntervalSelection:
        """Returns the selection that the message states."""
        return IntervalSelection(
            spacing=checks.offset("spec.interval.spacing", message.spacing),
            max_count=checks.number("spec.interval.max_count", message.max_count, 0),
        )

    def write_proto(
        self, selection: IntervalSelection, message: pb.CaptureSpec, *, defaults: bool
    ) -> None:
        """Writes a selection into a message."""
        message.interval.spacing.CopyFrom(checks.duration(selection.spacing))
        message.interval.max_count = selection.max_count

    def first_only(self, selection: IntervalSelection) -> IntervalSelection:
        """Returns the same selection with one frame at most."""
        return replace(selection, max_count=1)

    def names_instants(self, selection: IntervalSelection) -> bool:
        """Returns whether there is a step."""
        return selection.spacing > 0

    def grid(
        self, spec: CaptureSpec, selection: IntervalSelection, end: Fraction | None
    ) -> Grid | None:
        """Returns the instants `start + k * spacing`; None without a step."""
        return uniform(spec, selection.spacing)

    def is_sparse(self, selection: IntervalSelection, duration: Nanoseconds | None) -> bool:
        """Returns whether the whole video is captured with a step of at least `SPARSE`."""
        return selection.spacing >= SPARSE and selection.max_count == 0

    def requested_count(self, selection: IntervalSelection) -> int | None:
        """Returns the limit, if there is one."""
        return selection.max_count or None

    def limit(self, selection: IntervalSelection) -> int | None:
        """Returns the limit: each frame offered is taken."""
        return selection.max_count or None

    def expected(
        self, selection: IntervalSelection, length: Fraction | None, info: MediaInfo
    ) -> tuple[int | None, bool]:
        """Returns the number of steps, but not more than there are frames."""
        limit = selection.max_count
        step = Fraction(selection.spacing)
        if info.frame_rate is not None:
            step = max(step, NANOSECONDS_PER_SECOND / info.frame_rate)
        if length is None or step <= 0:
            return limit or None, False
        count = int(-(-length // step))
        return min(count, limit) if limit else count, False

    def causes(
        self, selection: IntervalSelection, outcome: Outcome, missing: int
    ) -> list[tuple[Lack, int]]:
        """Returns the end of the video; for step 0, undecodable packets and too few frames."""
        if selection.spacing:
            return [(Lack.AFTER_END, missing)]
        broken = min(missing, outcome.undecodable)
        return [(Lack.UNDECODABLE, broken), (Lack.NO_MORE_FRAMES, missing - broken)]

    def given(self, selection: IntervalSelection) -> Mapping[str, bool]:
        """Returns, by option name, whether the request gave it; `m` counts as not given."""
        return {"inter": selection.spacing > 0, "num": selection.max_count > 0}


def uniform(spec: CaptureSpec, spacing: Nanoseconds) -> UniformGrid | None:
    """Returns a grid that begins at the request's start; None for step 0."""
    if spacing == 0:
        return None
    return UniformGrid(start=Fraction(spec.start), step=Fraction(spacing), end=spec.end)
