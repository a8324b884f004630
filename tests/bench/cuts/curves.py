"""What framecap finds, over its threshold."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from bench.cuts.clip import BITS, Clip
from framecap.model.spec import (
    Box,
    CaptureSpec,
    ChangeReference,
    ChangeSelection,
    ImageFormat,
    IntervalSelection,
)
from framecap.timebase import NANOSECONDS_PER_MILLISECOND

SMALLEST = Box(width=32, height=32)


def request(
    threshold: int,
    *,
    step_ms: int = 0,
    reference: ChangeReference = ChangeReference.PREVIOUS_SAMPLE,
) -> CaptureSpec:
    """Returns the request `m_dhash,inter_STEP,thr_THRESHOLD`, with pictures that cost little."""
    selection = ChangeSelection(
        spacing=step_ms * NANOSECONDS_PER_MILLISECOND, threshold=threshold, reference=reference
    )
    return CaptureSpec(selection=selection, format=ImageFormat.JPG, box=SMALLEST)


def captured(
    clip: Clip, thresholds: Iterable[int], *, step_ms: int, reference: ChangeReference
) -> dict[int, list[int]]:
    """Returns the numbers of the frames that are captured at each threshold."""
    if reference is ChangeReference.LAST_CAPTURED:
        return {
            thr: list(clip.picks(request(thr, step_ms=step_ms, reference=reference)))
            for thr in thresholds
        }
    # What the previous sample is does not depend on the threshold: one reading tells them all.
    picks = clip.picks(request(0, step_ms=step_ms))
    first = min(picks)
    return {
        thr: [
            number
            for number, pick in picks.items()
            if number == first or (pick.changed_bits or 0) * 100 > thr * BITS
        ]
        for thr in thresholds
    }


def cuts(captured: list[int]) -> list[int]:
    """Returns the frames that say a shot begins: all but the first, which always passes."""
    return captured[1:]


def apart(frames: Iterable[int], least: int) -> list[int]:
    """Leaves out frames that come less than `least` after the last one kept, or after frame 0."""
    kept = [0]
    for frame in frames:
        if frame - kept[-1] >= least:
            kept.append(frame)
    return kept[1:]


def on_grid(clip: Clip, step_ms: int) -> list[int]:
    """Returns the samples of `inter_STEP`."""
    selection = IntervalSelection(spacing=step_ms * NANOSECONDS_PER_MILLISECOND)
    return list(clip.picks(CaptureSpec(selection=selection, format=ImageFormat.JPG)))


def spread(clip: Clip, count: int) -> list[int]:
    """Returns as many frames, spread evenly over the film."""
    return [i * len(clip.frames) // count for i in range(count)]


def changes(clip: Clip) -> list[int]:
    """Returns the bits by which each frame's hash differs from that of the frame before."""
    hashes = [clip.hashes[frame.pts] for frame in clip.frames]
    return [0, *((one ^ next_).bit_count() for one, next_ in itertools.pairwise(hashes))]
