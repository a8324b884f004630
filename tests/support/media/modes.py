"""One request of each mode, dense and sparse, from the beginning and from within.

The images are lossless and as large as the frames, so that all of a picture can be compared.
"""

from __future__ import annotations

from typing import Final

import pytest

from framecap.media.containers import index
from framecap.media.decoding import keyframes
from framecap.model.spec import (
    AverageSelection,
    CaptureSpec,
    ChangeReference,
    ChangeSelection,
    ImageFormat,
    InstantSelection,
    IntervalSelection,
    KeyframeSelection,
    Selection,
)
from framecap.plan import cost
from framecap.timebase import NANOSECONDS_PER_MILLISECOND

MS: Final = NANOSECONDS_PER_MILLISECOND


def asking(selection: Selection, start: int = 0) -> CaptureSpec:
    """Returns a request; it begins at `start`, in milliseconds."""
    return CaptureSpec(selection=selection, format=ImageFormat.PNG, start=start * MS)


SPECS: Final = {
    "every frame": asking(IntervalSelection(spacing=0)),
    "interval of 90 ms": asking(IntervalSelection(spacing=90 * MS)),
    "interval of 700 ms": asking(IntervalSelection(spacing=700 * MS)),
    "every frame from 700 ms": asking(IntervalSelection(spacing=0, max_count=9), 700),
    "three from 1500 ms": asking(IntervalSelection(spacing=300 * MS, max_count=3), 1500),
    "keyframes": asking(KeyframeSelection()),
    "keyframes from 600 ms": asking(KeyframeSelection(max_count=2), 600),
    "average": asking(AverageSelection(count=5)),
    "change": asking(ChangeSelection(spacing=0, threshold=10)),
    "largest changes": asking(ChangeSelection(spacing=200 * MS, threshold=0, max_count=4)),
    "change since the last captured": asking(
        ChangeSelection(spacing=80 * MS, threshold=10, reference=ChangeReference.LAST_CAPTURED)
    ),
    "instants": asking(InstantSelection(instants=(0, 610 * MS, 1900 * MS, 3500 * MS))),
}

SPARSE: Final = {
    name: SPECS[name]
    for name in (
        "interval of 700 ms",
        "three from 1500 ms",
        "keyframes from 600 ms",
        "average",
        "largest changes",
        "instants",
    )
}
"""Those that leave the most out."""


def seeks_cost_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has plans go from place to place, also in short films."""
    monkeypatch.setattr(cost, "SEEK_PACKETS", -1)
    monkeypatch.setattr(keyframes, "_WORTH_A_SEEK", 0)
    # As in a file too large to be read for what its packets tell.
    monkeypatch.setattr(index, "_PASS_BYTES", 0)
    monkeypatch.setattr(index, "_PROBES", 2)
