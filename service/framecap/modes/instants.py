"""`instants`: the frames on screen at listed instants. The text form lacks it."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final

from framecap.model.capture import Lack
from framecap.model.grid import Grid, ListedGrid
from framecap.model.media import MediaInfo
from framecap.model.spec import MAX_INSTANTS, CaptureSpec, InstantSelection
from framecap.modes.mode import Mode, Outcome
from framecap.v1 import capture_pb2 as pb
from framecap.values import checks

_FIELD: Final = "spec.instants.offsets"


class InstantMode(Mode[InstantSelection]):
    """The frames on screen at listed instants."""

    name = "instants"
    selection = InstantSelection
    case = "instants"

    def read_proto(self, message: Any) -> InstantSelection:
        """Returns the selection that the message states."""
        allowed = f"1..{MAX_INSTANTS} instants"
        count = len(message.offsets)
        if not count:
            raise checks.missing(_FIELD, allowed)
        if count > MAX_INSTANTS:
            raise checks.refused(_FIELD, f"{count} instants", f"are not {allowed}", allowed)
        offsets = {
            checks.offset(f"{_FIELD}[{position}]", offset)
            for position, offset in enumerate(message.offsets)
        }
        return InstantSelection(instants=tuple(sorted(offsets)))

    def write_proto(
        self, selection: InstantSelection, message: pb.CaptureSpec, *, defaults: bool
    ) -> None:
        """Writes a selection into a message."""
        message.instants.offsets.extend(map(checks.duration, selection.instants))

    def first_only(self, selection: InstantSelection) -> InstantSelection:
        """Returns the selection of the first instant."""
        return InstantSelection(instants=selection.instants[:1])

    def grid(
        self, spec: CaptureSpec, selection: InstantSelection, end: Fraction | None
    ) -> Grid | None:
        """Returns the instants that lie in the range."""
        last = spec.end
        return ListedGrid(
            tuple(
                instant
                for instant in selection.instants
                if instant >= spec.start and (last is None or instant < last)
            )
        )

    def requested_count(self, selection: InstantSelection) -> int | None:
        """Returns the number of instants."""
        return len(selection.instants)

    def expected(
        self, selection: InstantSelection, length: Fraction | None, info: MediaInfo
    ) -> tuple[int | None, bool]:
        """Returns the number of instants; some may lie past the end."""
        return len(selection.instants), False

    def causes(
        self, selection: InstantSelection, outcome: Outcome, missing: int
    ) -> list[tuple[Lack, int]]:
        """Returns the instants that share a frame, and those past the end."""
        return [
            (Lack.SAME_FRAME, outcome.answered - outcome.captured),
            (Lack.AFTER_END, len(selection.instants) - outcome.answered),
        ]
