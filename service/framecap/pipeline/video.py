"""Capturing from a video stream."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TypeVar

from framecap.errors import CaptureError
from framecap.media.media import Media
from framecap.model.capture import Phase, Pick, Progress, Report
from framecap.model.grid import Grid
from framecap.model.media import Frame
from framecap.model.plan import Strategy
from framecap.model.spec import CaptureSpec, ChangeSelection
from framecap.pipeline.imaging import Imaging
from framecap.pipeline.ledger import Ledger
from framecap.pipeline.until import Until
from framecap.pixels.dhash import changed_bits
from framecap.plan.choose import choose, has_gaps, wants_keyframes_only
from framecap.plan.targets import check_start, needs_end, targets
from framecap.select.build import Hashing, build
from framecap.select.change import ChangeSelector, RankedSelector, Ranking
from framecap.select.selector import Selector
from framecap.stopwatch import Stopwatch

T = TypeVar("T")


def capture_video(
    spec: CaptureSpec, media: Media, watch: Stopwatch, *, size: int, until: Until
) -> Iterator[Report]:
    """Captures from a video stream: probe, plan, then the frames."""
    return _VideoCapture(spec, media, watch).run(size, until)


class _VideoCapture:
    def __init__(self, spec: CaptureSpec, media: Media, watch: Stopwatch) -> None:
        self._spec = spec
        self._media = media
        self._watch = watch
        self._imaging = Imaging(spec, media, watch)
        self._ledger = Ledger(spec, media, watch)

    def run(self, size: int, until: Until) -> Iterator[Report]:
        """Yields everything from the probe to the summary."""
        ledger, media = self._ledger, self._media
        first = yield from self._step(Phase.OPENING, "open", media.find_first())
        picture = media.picture(first)
        info = ledger.info = self._imaging.describe(picture)
        yield info
        if until is Until.PROBED:
            return
        if needs_end(self._spec) or until is Until.PLANNED:
            ledger.end = yield from self._step(Phase.MEASURING, "measure", media.measure_end())
        end = ledger.end_time
        if end is not None:
            check_start(self._spec, end)
        plan = choose(
            self._spec,
            info,
            self._imaging.geometry(picture),
            keyframes_alone=media.keyframes_stand_alone,
            may_jump=has_gaps(self._spec) and media.may_jump,
            source_bytes=size,
            end=end,
        )
        yield plan
        if until is Until.PLANNED:
            return
        try:
            yield from self._capture(plan.strategy, targets(self._spec, end))
        except CaptureError:
            yield ledger.summary()
            raise
        yield from ledger.warnings()
        yield ledger.summary()

    def _capture(self, strategy: Strategy, grid: Grid | None) -> Iterator[Report]:
        """Chooses among all frames, and makes images of what is chosen."""
        hashing = Hashing(hash_of=self._imaging.dhash, changed_bits=changed_bits)
        selector = build(self._spec, grid, self._media.clock, hashing)
        if strategy is Strategy.TWO_PASSES:
            selector = yield from self._rank(selector)
        for found in self._picks(Phase.DECODING, selector):
            if isinstance(found, Pick):
                image = self._imaging.image(found, self._ledger.captured + 1)
                yield self._ledger.add(image)
            else:
                yield found

    def _rank(self, selector: Selector) -> Generator[Report, None, Selector]:
        """Hashes all samples; returns the selector of those that changed most."""
        assert isinstance(self._spec.selection, ChangeSelection)
        ranking = Ranking(self._spec.selection.max_count)
        for found in self._picks(Phase.HASHING, selector):
            if isinstance(found, Pick):
                ranking.add(found)
            else:
                yield found
        return RankedSelector(ranking.samples())

    def _picks(self, phase: Phase, selector: Selector) -> Iterator[Pick | Progress]:
        """Reads frames until the selector is done; yields what it picks, and progress."""
        ledger = self._ledger
        ledger.phase = phase
        if wants_keyframes_only(self._spec):
            frames = self._media.keyframes(ledger.end)
        else:
            frames = self._media.frames(
                (lambda: selector.next_pts) if has_gaps(self._spec) else None
            )
        last: Frame | None = None
        for frame in self._watch.each("decode", frames):
            if frame is not None:
                last = frame
                ledger.position = frame.pts
                pick = selector.offer(frame)
                if isinstance(selector, ChangeSelector):
                    ledger.sampled = selector.sampled
                if pick is not None:
                    yield pick
                if selector.done:
                    return
            yield from ledger.due()
        if last is not None and ledger.end is None and not wants_keyframes_only(self._spec):
            ledger.end = last.end

    def _step(
        self, phase: Phase, stage: str, work: Generator[None, None, T]
    ) -> Generator[Report, None, T]:
        """Does `work`, with progress between its steps; returns its result."""
        self._ledger.phase = phase
        while True:
            try:
                with self._watch.stage(stage):
                    next(work)
            except StopIteration as stop:
                result: T = stop.value
                return result
            yield from self._ledger.due()
