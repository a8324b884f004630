"""Capturing from a video stream."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import replace
from typing import TypeAlias, TypeVar

from framecap.errors import CaptureError
from framecap.media.decoding.segments import AccessPath
from framecap.media.fast_path import FastPathUnavailable
from framecap.media.media import Media
from framecap.model.capture import Phase, Pick, Progress, Report
from framecap.model.grid import Grid
from framecap.model.media import Frame, MediaInfo
from framecap.model.plan import Plan, Strategy
from framecap.model.resume import ResumePoint
from framecap.model.spec import CaptureSpec
from framecap.model.wanted import Instants, PtsRange, Wanted, WantedRange
from framecap.modes.features import FeatureOf
from framecap.modes.registry import keyframes_only, mode_of, requested_count
from framecap.modes.selectors.compared import RankedSelector, Ranking
from framecap.modes.selectors.selector import Selector
from framecap.pipeline.capture_statistics import CaptureStatistics
from framecap.pipeline.imaging import Imaging
from framecap.pipeline.samples import Features, Sample, Sampling
from framecap.pipeline.until import Until
from framecap.pipeline.workers import SegmentWorkers
from framecap.plan.choose import choose, has_gaps, is_sparse
from framecap.plan.targets import check_start, needs_end, targets
from framecap.plan.wanted import limit_of, rounds, wanted_after, wanted_of
from framecap.stage_timer import StageTimer
from framecap.timebase import Nanoseconds, Pts

T = TypeVar("T")

MakeSelector: TypeAlias = Callable[[FeatureOf], Selector]


def capture_video(
    spec: CaptureSpec,
    media: Media,
    timer: StageTimer,
    *,
    size: int,
    until: Until,
    resume: ResumePoint | None,
    threads: int,
) -> Generator[Report]:
    """Captures from a video stream: probe, plan, then the frames."""
    return _VideoCapture(spec, media, timer, resume, threads).run(size, until)


class _VideoCapture:
    def __init__(
        self,
        spec: CaptureSpec,
        media: Media,
        timer: StageTimer,
        resume: ResumePoint | None,
        threads: int,
    ) -> None:
        self._spec = spec
        self._media = media
        self._timer = timer
        self._resume = resume
        self._threads = threads
        self._imaging = Imaging(spec, media, timer)
        self._statistics = CaptureStatistics(spec, media, timer, resume)
        self._first: Pts = 0
        self._reading = Strategy.SEQUENTIAL
        self._offered = False
        self._begin: Nanoseconds = spec.start
        self._at_end = False

    def run(self, size: int, until: Until) -> Generator[Report]:
        """Yields everything from the probe to the summary."""
        statistics, media = self._statistics, self._media
        first = yield from self._step(Phase.OPENING, "open", media.find_first())
        info = statistics.info = self._imaging.describe(media.picture(first))
        yield info
        if until is Until.PROBED:
            return
        yield from statistics.appearance_warnings()
        plan, grid, wanted = yield from self._plan(first, info, size, until)
        yield from self._imaging.warnings(info, media.picture(first))
        yield plan
        if until is Until.PLANNED:
            return
        self._first, self._reading = first.pts, plan.reading
        if plan.reading is Strategy.SEQUENTIAL and plan.strategy is not Strategy.KEYFRAMES:
            # Frames before the start are decoded too.
            self._begin = 0
        elif self._resume is not None:
            self._begin = max(0, media.clock.nanoseconds(self._resume.last(media.clock)))
        if self._decodes_first_again(wanted):
            self._media.forget_first()
        try:
            yield from self._capture(plan.strategy, grid, wanted)
            if not statistics.captured:
                yield from self._check_start()
        except CaptureError:
            yield statistics.summary()
            raise
        yield from statistics.warnings()
        yield from statistics.last()
        yield statistics.summary()

    def _plan(
        self, first: Frame, info: MediaInfo, size: int, until: Until
    ) -> Generator[Report, None, tuple[Plan, Grid | None, Wanted]]:
        """Returns the plan, the grid of targets and the wanted frames, with progress before."""
        media, spec = self._media, self._spec
        access_modes = media.access_modes(
            gaps=has_gaps(spec),
            sparse=is_sparse(spec, info.duration),
            keyframes=keyframes_only(spec),
        )
        # A fast access path finds a frame at the start, or none, at once; a sequential decode would
        # decode everything before the start first.
        unsure = spec.start > 0 and not access_modes.sliced
        if until is Until.PLANNED or needs_end(spec) or unsure:
            yield from self._check_start(ahead=0 if until is Until.PLANNED else self._passes)
        end = self._statistics.end_time
        grid = targets(spec, end)
        wanted = wanted_of(spec, grid, media.clock, first.pts)
        if self._resume is not None:
            wanted = wanted_after(self._resume, wanted, grid, media.clock)
        plan = choose(
            spec,
            info,
            self._imaging.geometry(media.picture(first)),
            access_modes,
            wanted,
            first=first.pts,
            source_bytes=size,
            end=end,
        )
        return plan, grid, wanted

    @property
    def _passes(self) -> int:
        """The number of passes that choose and capture the frames."""
        selection = self._spec.selection
        return 2 if mode_of(selection).rank_count(selection) else 1

    def _check_start(self, *, ahead: int = 0) -> Iterator[Report]:
        """Measures the true end of the video and checks that the capture starts before it.

        Args:
            ahead: The number of passes that follow.

        Raises:
            OffsetAfterEnd: The capture starts at or after the end.
        """
        if self._statistics.end is None:
            statistics = self._statistics
            statistics.begin_measuring(self._spec.start, self._spec.end, ahead=ahead)
            statistics.end = yield from self._step(
                Phase.MEASURING, "measure", self._media.measure_end()
            )
            statistics.end_pass(complete=True)
        end = self._statistics.end_time
        if end is not None:
            check_start(self._spec, end)

    def _capture(self, strategy: Strategy, grid: Grid | None, wanted: Wanted) -> Iterator[Report]:
        """Chooses among all frames, and makes images of the chosen ones."""
        spec, mode = self._spec, mode_of(self._spec.selection)

        def make(feature_of: FeatureOf) -> Selector:
            selector = mode.selector(spec, spec.selection, grid, self._media.clock, feature_of)
            if self._resume is not None:
                selector.resume(self._resume)
            return selector

        if strategy is not Strategy.TWO_PASSES:
            yield from self._images(make, wanted, ranked=False)
            return
        ranking = yield from self._rank(make, wanted)
        samples = ranking.samples()
        yield from self._images(
            lambda _: RankedSelector(samples),
            Instants([sample.pts for sample in samples]),
            ranked=True,
        )

    def _images(self, make: MakeSelector, wanted: Wanted, *, ranked: bool) -> Iterator[Report]:
        """Yields the images of the frames that a selector picks."""
        self._statistics.begin_pass(Phase.DECODING, self._begin, self._stop_of(wanted))
        sampling = self._sampling(wanted, ranked=ranked)
        limit = requested_count(self._spec)
        given: Pts | None = None
        if self._resume is not None:
            given = self._resume.last(self._media.clock)
        for found in self._picks(make, sampling, wanted):
            if not isinstance(found, tuple):
                yield found
                continue
            pick, sample = found
            if given is None or pick.frame.pts > given:
                given = pick.frame.pts
                image = self._imaging.image(
                    pick, self._statistics.captured + 1, sampling.encoded(sample)
                )
                yield self._statistics.add(image)
                if self._statistics.captured == limit:
                    # In damaged media, a later access path may pick other frames than the first.
                    break
        self._statistics.end_pass(complete=self._at_end)

    def _rank(self, make: MakeSelector, wanted: Wanted) -> Generator[Report, None, Ranking]:
        """Compares all samples; returns those with the highest scores."""
        selection = self._spec.selection
        self._statistics.begin_pass(Phase.HASHING, self._begin, self._stop_of(wanted), ahead=1)
        sampling = self._sampling(wanted, ranking=True)
        ranking = Ranking(mode_of(selection).rank_count(selection))
        given: Pts | None = None
        for found in self._picks(make, sampling, wanted):
            if not isinstance(found, tuple):
                yield found
            elif given is None or found[0].frame.pts > given:
                given = found[0].frame.pts
                ranking.add(found[0])
        self._statistics.end_pass(complete=self._at_end)
        return ranking

    def _stop_of(self, wanted: Wanted) -> Nanoseconds | None:
        """Returns the media time at which a pass ends; None for the end of the video."""
        last = wanted.preceding(None)
        if last is None:
            return self._spec.end
        stop = self._media.clock.nanoseconds(last + 1)
        return stop if self._spec.end is None else min(stop, self._spec.end)

    def _sampling(self, wanted: Wanted, *, ranking: bool = False, ranked: bool = False) -> Sampling:
        return Sampling(
            self._spec,
            self._imaging,
            self._timer,
            wanted,
            coverage=self._statistics.coverage,
            ranking=ranking,
            ranked=ranked,
        )

    def _picks(
        self, make: MakeSelector, sampling: Sampling, wanted: Wanted
    ) -> Iterator[tuple[Pick, Sample] | Progress]:
        """Yields picks, each with its sample, and progress.

        Each access path continues where the one before ended. Its selector is new, so a frame that
        was picked before may be picked again.
        """
        for path in self._access_paths(wanted):
            self._at_end = False
            self._statistics.coverage.clear()
            features = Features()
            selector = make(features.of)
            self._offered = False
            try:
                with closing(self._samples(path, selector, sampling, wanted)) as samples:
                    yield from self._offered_samples(samples, selector, features)
            except FastPathUnavailable:
                self._statistics.abandoned_paths += 1
                continue
            return
        # The last access path is a complete decode, which needs no fast path.
        raise AssertionError("a whole decoding gave a frame for an instant before it")

    def _offered_samples(
        self, samples: Iterator[Sample | None], selector: Selector, features: Features
    ) -> Iterator[tuple[Pick, Sample] | Progress]:
        """Offers samples to a selector; yields those that it picks, and progress.

        A picture that was kept until the choice is released when the next item is requested.
        """
        for sample in samples:
            if sample is not None:
                with sample.frame.native:
                    features.sample = sample
                    pick = self._offer(selector, sample.frame)
                    if pick is not None:
                        yield pick, sample
            yield from self._statistics.due()

    def _access_paths(self, wanted: Wanted) -> Iterator[AccessPath]:
        """Yields access paths to the frames, the fastest first."""
        if keyframes_only(self._spec):
            yield from self._media.keyframe_access_paths()
        else:
            limit = limit_of(self._spec) if isinstance(wanted, PtsRange) else None
            yield from self._media.access_paths(
                self._reading, limit=limit, to_end=self._must_know_end
            )

    def _decodes_first_again(self, wanted: Wanted) -> bool:
        """Returns whether the first picture is one of many that are decoded in sequence."""
        many = isinstance(wanted, PtsRange) and limit_of(self._spec) != 1
        return many and not keyframes_only(self._spec)

    @property
    def _must_know_end(self) -> bool:
        """True when a shortfall may have to be explained, and the end is not known yet."""
        return self._statistics.end is None and requested_count(self._spec) is not None

    def _samples(
        self, path: AccessPath, selector: Selector, sampling: Sampling, wanted: Wanted
    ) -> Generator[Sample | None]:
        """Yields samples in order until the selector is done; None now and then."""
        for within in self._ranges(wanted):
            with SegmentWorkers(
                sampling.segments(path(within)),
                sampling.work,
                size=sampling.size,
                confirmation=sampling.confirmation,
                threads=self._threads,
            ) as workers:
                samples = workers.results()
                if self._spec.nearest_keyframe:
                    samples = self._extended_keyframes(samples)
                for sample in samples:
                    yield sample
                    if selector.done:
                        return
            if isinstance(within, WantedRange) and not _answered(within, selector):
                break
        self._at_end = True
        if self._statistics.end is None:
            self._statistics.end = self._media.end

    def _ranges(self, wanted: Wanted) -> Iterator[Wanted]:
        """Yields the wanted frames in one range, or in growing ranges that follow each other."""
        if keyframes_only(self._spec) or isinstance(wanted, PtsRange):
            return iter([wanted])
        return rounds(wanted, self._first, limit_of(self._spec))

    def _extended_keyframes(self, samples: Iterator[Sample | None]) -> Iterator[Sample | None]:
        """Yields keyframes, each extended to the next one; None for other frames."""
        waiting: Sample | None = None
        for sample in samples:
            if sample is None or not sample.frame.keyframe:
                yield None
                continue
            if waiting is not None:
                yield _ending_at(waiting, sample.frame.pts)
            waiting = sample
        if waiting is not None:
            yield _ending_at(waiting, max(waiting.frame.end, self._statistics.end or 0))

    def _offer(self, selector: Selector, frame: Frame) -> Pick | None:
        """Returns the frame when the selector picks it.

        Raises:
            FastPathUnavailable: The frame that should have answered the instant is missing.
        """
        if self._is_late(selector, frame):
            raise FastPathUnavailable("a frame would answer an instant before its own time")
        self._offered = True
        self._statistics.coverage.head = frame.end
        pick = selector.offer(frame)
        if selector.sampled:
            # A second pass compares nothing, and keeps the count of the first.
            self._statistics.sampled = selector.sampled
        return pick

    def _is_late(self, selector: Selector, frame: Frame) -> bool:
        """Returns whether a frame appears after the next instant, which no frame has answered yet.

        Only the first frame may: it answers the instants before it.
        """
        instant = selector.next_pts
        if instant is None or frame.pts <= instant or frame.pts == self._media.beginning:
            return False
        if not selector.needs_next:
            return False
        # The first keyframe answers the instants before it, too.
        return not self._spec.nearest_keyframe or self._offered

    def _step(
        self, phase: Phase, stage: str, work: Generator[Pts | None, None, T]
    ) -> Generator[Report, None, T]:
        """Runs `work` with progress between its steps; returns its result.

        Args:
            phase: The phase to report.
            stage: The stage to which its time counts.
            work: Yields the end of each frame that it decodes, and None between them.
        """
        self._statistics.phase = phase
        while True:
            try:
                with self._timer.stage(stage):
                    end = next(work)
            except StopIteration as stop:
                result: T = stop.value
                return result
            if end is not None:
                self._statistics.measured_to(end)
            yield from self._statistics.due()


def _answered(within: WantedRange, selector: Selector) -> bool:
    """Returns whether all instants of a range are answered; if not, the video ends within it."""
    left = selector.next_pts
    return left is None or (within.stop is not None and left >= within.stop)


def _ending_at(sample: Sample, end: Pts) -> Sample:
    return replace(sample, frame=replace(sample.frame, end=end))
