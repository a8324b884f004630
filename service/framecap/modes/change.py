"""`dhash`: the frames where the picture changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from framecap._kernels import dhash as kernels
from framecap.model.spec import (
    ChangeReference,
    ChangeSelection,
    IntervalSelection,
    Selection,
)
from framecap.modes.compared import ComparedMode
from framecap.modes.features import Comparison
from framecap.modes.mode import TextOptions
from framecap.v1 import capture_pb2 as pb
from framecap.values import checks
from framecap.values.enums import REFERENCES
from framecap.values.kinds import Value

HASH_BITS: Final = 64


class ChangeMode(ComparedMode[ChangeSelection]):
    """The samples whose difference hash differs enough from the hash of their reference."""

    name = "dhash"
    selection = ChangeSelection
    case = "change"
    text_options = frozenset({"inter", "num", "thr"})
    misspellings = ("hash",)

    def read_text(self, options: TextOptions) -> ChangeSelection:
        """Returns the selection that the options state."""
        return ChangeSelection(
            spacing=options.time("inter"),
            threshold=options.number("thr"),
            max_count=options.number("num"),
        )

    def write_text(self, selection: ChangeSelection) -> Mapping[str, Value] | None:
        """Returns the options that state a selection; None for the reference `LAST_CAPTURED`."""
        step = checks.milliseconds(selection.spacing)
        if step is None or selection.reference is not ChangeReference.PREVIOUS_SAMPLE:
            return None
        return {"inter": step, "thr": selection.threshold, "num": selection.max_count}

    def read_proto(self, message: Any) -> ChangeSelection:
        """Returns the selection that the message states."""
        return ChangeSelection(
            spacing=checks.offset("spec.change.spacing", message.spacing),
            threshold=checks.number(
                "spec.change.threshold_percent", message.threshold_percent, 0, 100
            ),
            max_count=checks.number("spec.change.max_count", message.max_count, 0),
            reference=REFERENCES.read("spec.change.reference", message.reference),
        )

    def write_proto(
        self, selection: ChangeSelection, message: pb.CaptureSpec, *, defaults: bool
    ) -> None:
        """Writes a selection into a message."""
        message.change.spacing.CopyFrom(checks.duration(selection.spacing))
        message.change.threshold_percent = selection.threshold
        message.change.max_count = selection.max_count
        reference = REFERENCES.written(selection.reference, defaults=defaults)
        if reference is not None:
            message.change.reference = reference

    def first_only(self, selection: ChangeSelection) -> Selection:
        """Returns the selection of the first sample, which always passes: nothing is compared."""
        return IntervalSelection(spacing=selection.spacing, max_count=1)

    def given(self, selection: ChangeSelection) -> Mapping[str, bool]:
        """Returns, by option name, whether the request gave it."""
        return {
            "m": True,
            "inter": selection.spacing > 0,
            "num": selection.max_count > 0,
            "thr": selection.threshold > 0,
        }

    def comparison(self, selection: ChangeSelection) -> Comparison:
        """Returns the comparison of hashes, by the share of bits that differ."""
        return Comparison(
            measure=None,
            score=changed_bits,
            passes=lambda changed: changed * 100 > selection.threshold * HASH_BITS,
            since_captured=selection.reference is ChangeReference.LAST_CAPTURED,
        )


def changed_bits(dhash: int, reference: int | None) -> int:
    """Returns the number of bits in which two hashes differ, 0..64; 64 without a reference."""
    return HASH_BITS if reference is None else kernels.changed_bits(dhash, reference)
