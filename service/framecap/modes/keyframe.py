"""`key`: every keyframe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from framecap.model.capture import Lack
from framecap.model.grid import Grid
from framecap.model.media import MediaInfo
from framecap.model.spec import CaptureSpec, KeyframeSelection
from framecap.modes.features import FeatureOf
from framecap.modes.mode import Mode, Outcome, TextOptions
from framecap.modes.selectors.every import KeyframeSelector
from framecap.modes.selectors.selector import Selector
from framecap.timebase import Clock
from framecap.v1 import capture_pb2 as pb
from framecap.values import checks
from framecap.values.kinds import Value


class KeyframeMode(Mode[KeyframeSelection]):
    """Every keyframe of the range."""

    name = "key"
    selection = KeyframeSelection
    case = "keyframe"
    text_options = frozenset({"num"})
    misspellings = ("keyframe", "fast")
    keyframes_only = True
    noun = "keyframe"

    def read_text(self, options: TextOptions) -> KeyframeSelection:
        """Returns the selection that the options state."""
        return KeyframeSelection(max_count=options.number("num"))

    def write_text(self, selection: KeyframeSelection) -> Mapping[str, Value] | None:
        """Returns the options that state a selection."""
        return {"num": selection.max_count}

    def read_proto(self, message: Any) -> KeyframeSelection:
        """Returns the selection that the message states."""
        return KeyframeSelection(
            max_count=checks.number("spec.keyframe.max_count", message.max_count, 0)
        )

    def write_proto(
        self, selection: KeyframeSelection, message: pb.CaptureSpec, *, defaults: bool
    ) -> None:
        """Writes a selection into a message."""
        message.keyframe.SetInParent()
        message.keyframe.max_count = selection.max_count

    def first_only(self, selection: KeyframeSelection) -> KeyframeSelection:
        """Returns the same selection with one frame at most."""
        return replace(selection, max_count=1)

    def names_instants(self, selection: KeyframeSelection) -> bool:
        """Returns False: keyframes are not chosen by instants."""
        return False

    def requested_count(self, selection: KeyframeSelection) -> int | None:
        """Returns the limit, if there is one."""
        return selection.max_count or None

    def expected(
        self, selection: KeyframeSelection, length: Fraction | None, info: MediaInfo
    ) -> tuple[int | None, bool]:
        """Returns the limit: the number of keyframes is not known."""
        return selection.max_count or None, False

    def causes(
        self, selection: KeyframeSelection, outcome: Outcome, missing: int
    ) -> list[tuple[Lack, int]]:
        """Returns the end of the frames as the only cause."""
        return [(Lack.NO_MORE_FRAMES, missing)]

    def selector(
        self,
        spec: CaptureSpec,
        selection: KeyframeSelection,
        grid: Grid | None,
        clock: Clock,
        feature_of: FeatureOf,
    ) -> Selector:
        """Returns the selector of the keyframes."""
        return KeyframeSelector(
            clock, start=spec.start, end=spec.end, max_count=selection.max_count
        )
