"""Media time done and total: the values, and what captures report."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from threading import Event
from time import monotonic, sleep
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framecap.media.decoding.keyframes import KeyframeSegments
from framecap.media.decoding.segments import Segment, StreamSegments
from framecap.media.fast_path import FastPathUnavailable
from framecap.model.capture import Phase, Progress, Summary
from framecap.model.media import Frame
from framecap.model.spec import (
    InstantSelection,
    IntervalSelection,
    SeekPolicy,
)
from framecap.model.wanted import Wanted
from framecap.pipeline import capture_statistics as statistics
from framecap.pipeline.progress import Coverage, PassProgress
from support.clips import make_clip
from support.covers import Art, drawn, make_sound, saved
from support.media.modes import SPECS
from support.pipeline.running import SECOND, Run, run, structured

FILES = {
    "h264.mp4": {"codec": "libx264", "b_frames": 2},
    "h264.ts": {"codec": "libx264", "b_frames": 2},
    "mpeg4.avi": {"codec": "mpeg4"},
    "mpeg2.mkv": {"codec": "mpeg2video"},
    "vp9.webm": {"codec": "libvpx-vp9", "options": {"deadline": "realtime", "cpu-used": "8"}},
    "h264.264": {"codec": "libx264"},
}
FRAMES = 110
DURATION = FRAMES * SECOND // 25


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same film in several codecs and containers, 4.4 s with a keyframe each second."""
    directory = tmp_path_factory.mktemp("clips")
    return {
        name: make_clip(directory / name, frames=FRAMES, gop=25, scene=7, **options)  # type: ignore[arg-type]
        for name, options in FILES.items()
    }


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has progress reported as often as there is any."""
    monkeypatch.setattr(statistics, "PROGRESS_SECONDS", 0)


def reports_of(done: Run) -> list[Progress]:
    return [report for report in done.reports if isinstance(report, Progress)]


def check(done: Run) -> list[Progress]:
    """Checks what holds for the progress of every success, and returns it."""
    assert done.error is None
    told = reports_of(done)
    assert isinstance(done.reports[-1], Summary)
    assert done.reports[-2] is told[-1], "one report at the end"
    for before, after in pairwise(told):
        assert before.done <= after.done, "done falls"
        assert before.captured_count <= after.captured_count
        assert before.read_bytes <= after.read_bytes
    for report in told:
        assert report.done >= 0
        assert report.total is None or report.done <= report.total
    assert told[-1].done == told[-1].total
    assert told[-1].captured_count == len(done.images)
    return told


class TestPassProgress:
    """The value."""

    def test_passes_add_up(self) -> None:
        first = PassProgress().begun(100, ahead=100).covering(40)
        assert (first.done, first.total) == (40, 200)
        second = first.completed().begun(100, ahead=0)
        assert (second.done, second.total) == (100, 200)
        last = second.covering(70).completed()
        assert (last.done, last.total) == (200, 200)

    def test_the_total_shrinks_when_a_pass_stops_early(self) -> None:
        first = PassProgress().begun(100, ahead=50).covering(40).stopped()
        assert (first.done, first.total) == (40, 90)
        assert first.begun(50, ahead=0).stopped().total == 40

    def test_what_comes_after_the_expected_end_counts(self) -> None:
        longer = PassProgress().begun(100, ahead=0).covering(130)
        assert (longer.done, longer.total) == (130, 130)

    def test_going_over_the_same_again_does_not_count(self) -> None:
        again = PassProgress().begun(100, ahead=0).covering(60).covering(10)
        assert again.done == 60

    def test_an_unknown_length_leaves_the_total_unknown(self) -> None:
        unknown = PassProgress().begun(None, ahead=0).covering(60)
        assert (unknown.done, unknown.total) == (60, None)
        assert unknown.completed().total == 60
        assert PassProgress().begun(10, ahead=None).total is None

    @given(
        st.lists(
            st.one_of(
                st.tuples(
                    st.just("begun"),
                    st.none() | st.integers(0, 99),
                    st.none() | st.integers(0, 99),
                ),
                st.tuples(st.just("covering"), st.integers(0, 199)),
                st.tuples(st.just("expecting"), st.none() | st.integers(0, 99)),
                st.tuples(st.just("stopped")),
                st.tuples(st.just("completed")),
            )
        )
    )
    def test_done_never_falls_and_never_exceeds_the_total(self, steps: list[tuple]) -> None:  # type: ignore[type-arg]
        progress = PassProgress()
        for name, *arguments in steps:
            after: PassProgress = getattr(progress, name)(*arguments)
            assert after.done >= progress.done
            assert after.total is None or after.done <= after.total
            progress = after
        end = progress.begun(0, 0)
        assert end.done == end.total


@dataclass
class Range:
    begin: int
    end: int
    over: bool


class TestCoverage:
    """What several lanes have covered."""

    def covered(self, head: int | None, ranges: list[Range | None], *, stop: int | None) -> int:
        coverage = Coverage()
        for known in ranges:
            advance = coverage.add_segment()
            if known is not None:
                advance.begin, advance.end, advance.over = known.begin, known.end, known.over
        coverage.head = head
        return coverage.within(0, stop)

    def test_lanes_ahead_of_the_head_count(self) -> None:
        ranges = [Range(0, 20, False), Range(50, 60, False), None]
        assert self.covered(10, ranges, stop=100) == 20 + 10

    def test_a_gap_between_lanes_counts_once_both_ends_are_known(self) -> None:
        assert self.covered(0, [Range(0, 20, True), None], stop=100) == 20
        assert self.covered(0, [Range(0, 20, False), Range(50, 60, False)], stop=100) == 30
        assert self.covered(0, [Range(0, 20, True), Range(50, 60, False)], stop=100) == 60

    def test_nothing_is_counted_twice_or_outside(self) -> None:
        assert self.covered(70, [Range(0, 60, True), Range(50, 120, True)], stop=100) == 100
        coverage = Coverage()
        coverage.head = 130
        assert coverage.within(20, 100) == 80
        assert coverage.within(20, None) == 110

    def test_what_was_not_offered_can_be_left_out(self) -> None:
        coverage = Coverage()
        advance = coverage.add_segment()
        advance.begin, advance.end = 0, 80
        coverage.head = 10
        assert coverage.within(0, 100, ahead=False) == 10

    def test_clearing_forgets_all(self) -> None:
        coverage = Coverage()
        advance = coverage.add_segment()
        advance.begin, advance.end, coverage.head = 0, 80, 10
        coverage.clear()
        assert coverage.within(0, 100) == 0

    @given(
        st.lists(st.tuples(st.integers(0, 30), st.integers(1, 30), st.booleans()), max_size=8),
        st.lists(st.integers(0, 300), max_size=6),
    )
    def test_it_is_what_a_set_of_moments_says(
        self, segments: list[tuple[int, int, bool]], heads: list[int]
    ) -> None:
        coverage, at = Coverage(), 0
        ranges: list[tuple[int, int, bool]] = []
        for gap, length, over in segments:
            advance = coverage.add_segment()
            advance.begin, advance.end, advance.over = at + gap, at + gap + length, over
            ranges.append((at + gap, at + gap + length, over))
            at += gap + length
        for head in sorted(heads):
            coverage.head = head
            moments = set(range(head))
            for number, (begin, end, over) in enumerate(ranges):
                if over and number + 1 < len(ranges):
                    end = max(end, ranges[number + 1][0])
                moments |= set(range(begin, end))
            assert coverage.within(0, None) == len(moments)
            assert coverage.within(5, 200) == len(moments & set(range(5, 200)))


@pytest.mark.usefixtures("eager")
class TestCaptures:
    """What captures report."""

    @pytest.mark.parametrize("threads", [1, 3])
    @pytest.mark.parametrize("name", FILES)
    def test_done_rises_to_the_total(self, clips: dict[str, Path], name: str, threads: int) -> None:
        for request, spec in SPECS.items():
            told = check(run(clips[name], spec, threads=threads))
            assert len(told) > 1, request

    @pytest.mark.parametrize("name", FILES)
    def test_every_frame_is_the_whole_film(self, clips: dict[str, Path], name: str) -> None:
        assert check(run(clips[name], "f_jpg"))[-1].total == DURATION

    @pytest.mark.parametrize("name", FILES)
    def test_two_passes_are_counted_one_after_the_other(
        self, clips: dict[str, Path], name: str
    ) -> None:
        told = check(run(clips[name], "f_jpg,m_dhash,num_2"))
        hashing = [report for report in told if report.phase is Phase.HASHING]
        decoding = [report for report in told if report.phase is Phase.DECODING]
        assert max(report.done for report in hashing) <= DURATION
        if hashing[0].total is not None:
            assert hashing[0].total == 2 * DURATION
        assert min(report.done for report in decoding) >= DURATION
        total = told[-1].total
        assert total is not None
        assert DURATION < total <= 2 * DURATION

    @pytest.mark.parametrize("request_text", ["f_jpg,num_5", "f_jpg,inter_400,num_2"])
    @pytest.mark.parametrize("name", ["h264.mp4", "h264.ts", "mpeg2.mkv", "vp9.webm"])
    def test_the_total_shrinks_when_num_stops_the_work(
        self, clips: dict[str, Path], name: str, request_text: str
    ) -> None:
        told = check(run(clips[name], request_text, threads=1))
        totals = [report.total for report in told if report.phase is Phase.DECODING]
        assert totals[0] is not None and totals[-1] is not None
        assert totals[0] >= DURATION - SECOND // 25
        assert totals[-1] < DURATION // 2

    @pytest.mark.parametrize("name", ["h264.mp4", "mpeg4.avi"])
    def test_a_film_that_is_decoded_to_measure_its_end_is_counted_twice(
        self, clips: dict[str, Path], name: str
    ) -> None:
        told = check(run(clips[name], "f_jpg,m_avg,num_3"))
        total = told[-1].total
        assert total is not None
        measured = max(report.done for report in told if report.phase is not Phase.DECODING)
        # In AVI frames count, so that only decoding all tells the end.
        assert (measured > DURATION // 2) == (name == "mpeg4.avi")
        assert total >= measured + 2 * DURATION // 3

    def test_only_the_range_is_counted(self, clips: dict[str, Path]) -> None:
        spec = structured(IntervalSelection(), start=SECOND, end=3 * SECOND)
        assert check(run(clips["h264.mp4"], spec))[-1].total == 2 * SECOND
        listed = structured(InstantSelection(instants=(SECOND, 2 * SECOND)))
        total = check(run(clips["h264.mp4"], listed))[-1].total
        assert total is not None
        assert 2 * SECOND < total < 2 * SECOND + SECOND // 25

    @pytest.mark.parametrize("name", FILES)
    def test_an_empty_result_ends_complete(self, clips: dict[str, Path], name: str) -> None:
        done = run(clips[name], "f_jpg,m_key,ss_4200")
        assert not done.images
        check(done)

    def test_keyframes_before_instants(self, clips: dict[str, Path]) -> None:
        spec = structured(
            IntervalSelection(spacing=SECOND // 2), seek_policy=SeekPolicy.NEAREST_KEYFRAME_BEFORE
        )
        check(run(clips["h264.mp4"], spec))

    @pytest.mark.parametrize("claimed", [1, 100])
    def test_what_a_container_claims_is_no_bound(
        self, clips: dict[str, Path], tmp_path: Path, claimed: int
    ) -> None:
        data = clips["vp9.webm"].read_bytes()
        # The element of a duration: its id, its size, a double.
        at = data.index(b"\x44\x89\x88") + 3
        told_by_file = bytearray(data)
        told_by_file[at : at + 8] = struct.pack(">d", claimed * 1000.0)
        path = tmp_path / "claims.webm"
        path.write_bytes(told_by_file)
        told = check(run(path, "f_jpg", threads=1))
        assert told[-1].total == DURATION
        first = next(report for report in told if report.phase is Phase.DECODING)
        assert first.total is not None
        assert (first.total > DURATION) == (claimed == 100)

    @pytest.mark.parametrize("keyframes", [False, True])
    @pytest.mark.parametrize("name", ["h264.mp4", "h264.ts", "mpeg2.mkv"])
    def test_a_way_that_is_given_up_takes_nothing_back(
        self,
        clips: dict[str, Path],
        name: str,
        keyframes: bool,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        broken = 0

        def breaking(segments: Iterator[Segment]) -> Iterator[Segment]:
            nonlocal broken
            for number, segment in enumerate(segments):
                if number == 2:
                    broken += 1
                    raise FastPathUnavailable("for the test")
                yield segment

        kind, names = (
            (KeyframeSegments, ["segments"]) if keyframes else (StreamSegments, ["by_reading"])
        )
        for method in names:
            original = getattr(kind, method)

            def replaced(
                self: object, wanted: Wanted, original: object = original, **options: object
            ) -> Iterator[Segment]:
                return breaking(original(self, wanted, **options))  # type: ignore[operator]

            monkeypatch.setattr(kind, method, replaced)
        done = run(clips[name], "f_jpg,m_key" if keyframes else "f_jpg")
        assert broken
        assert done.summary.seek_repairs
        check(done)

    @pytest.mark.parametrize("name", ["h264.mp4", "h264.ts", "mpeg2.mkv"])
    def test_lanes_ahead_of_their_turn_are_counted(
        self, clips: dict[str, Path], name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        original = StreamSegments.by_reading
        second_done = Event()

        def held(segment: Segment) -> Iterator[Frame | None]:
            give_up = monotonic() + 30
            # Waits, since reports without a pause would keep the second thread from its work.
            while not second_done.wait(0.01) and monotonic() < give_up:
                yield None
            # The reports of this time stand for what is done before the first image.
            for _ in range(20):
                yield None
                sleep(0.02)
            yield from segment()

        def heard(segment: Segment) -> Iterator[Frame | None]:
            yield from segment()
            second_done.set()

        def replaced(self: StreamSegments, wanted: Wanted, **options: Any) -> Iterator[Segment]:
            for number, segment in enumerate(original(self, wanted, **options)):
                yield partial({0: held, 1: heard}[number], segment) if number < 2 else segment

        monkeypatch.setattr(StreamSegments, "by_reading", replaced)
        told = check(run(clips[name], "f_jpg", threads=3))
        assert second_done.is_set()
        assert max(report.done for report in told if not report.captured_count) >= SECOND

    def test_a_cover_ends_complete(self, tmp_path: Path) -> None:
        path = make_sound(tmp_path / "sound.m4a", [Art(saved(drawn(), "JPEG"))])
        done = run(path, "f_png")
        assert len(done.images) == 1
        check(done)
