"""`avg`: a number of frames spread evenly."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from framecap.model.capture import Lack
from framecap.model.grid import Grid, UniformGrid
from framecap.model.media import MediaInfo
from framecap.model.spec import AverageSelection, CaptureSpec
from framecap.modes.mode import Mode, Outcome, TextOptions
from framecap.modes.sparse import SPARSE
from framecap.timebase import Nanoseconds
from framecap.v1 import capture_pb2 as pb
from framecap.values import checks
from framecap.values.kinds import Value


class AverageMode(Mode[AverageSelection]):
    """The frames on screen at `start + k * (end - start) / count`."""

    name = "avg"
    selection = AverageSelection
    case = "average"
    text_options = frozenset({"num"})
    misspellings = ("average",)

    def read_text(self, options: TextOptions) -> AverageSelection:
        """Returns the selection that the options state."""
        return AverageSelection(count=options.count())

    def write_text(self, selection: AverageSelection) -> Mapping[str, Value] | None:
        """Returns the options that state a selection."""
        return {"num": selection.count}

    def read_proto(self, message: Any) -> AverageSelection:
        """Returns the selection that the message states."""
        return AverageSelection(count=checks.number("spec.average.count", message.count, 1))

    def write_proto(
        self, selection: AverageSelection, message: pb.CaptureSpec, *, defaults: bool
    ) -> None:
        """Writes a selection into a message."""
        message.average.count = selection.count

    def first_only(self, selection: AverageSelection) -> AverageSelection:
        """Returns the selection of one frame: the first instant is the same."""
        return AverageSelection(count=1)

    def needs_end(self) -> bool:
        """Returns True: the instants divide the length."""
        return True

    def grid(
        self, spec: CaptureSpec, selection: AverageSelection, end: Fraction | None
    ) -> Grid | None:
        """Returns the instants."""
        assert end is not None, "the end is measured before the targets are set"
        stop = end if spec.end is None else min(end, Fraction(spec.end))
        start = Fraction(spec.start)
        return UniformGrid(
            start=start, step=(stop - start) / selection.count, limit=selection.count
        )

    def is_sparse(self, selection: AverageSelection, duration: Nanoseconds | None) -> bool:
        """Returns whether the frames lie at least `SPARSE` apart."""
        return (duration or 0) >= selection.count * SPARSE

    def requested_count(self, selection: AverageSelection) -> int | None:
        """Returns the number of instants."""
        return selection.count

    def expected(
        self, selection: AverageSelection, length: Fraction | None, info: MediaInfo
    ) -> tuple[int | None, bool]:
        """Returns the number of instants; several on one frame give fewer images."""
        return selection.count, False

    def causes(
        self, selection: AverageSelection, outcome: Outcome, missing: int
    ) -> list[tuple[Lack, int]]:
        """Returns the instants that share a frame, and those without one."""
        return [
            (Lack.SAME_FRAME, outcome.answered - outcome.captured),
            (Lack.UNDECODABLE, selection.count - outcome.answered),
        ]
