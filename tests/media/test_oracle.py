"""The oracle itself, held against times, counts and pictures that others measured."""

from __future__ import annotations

import csv
import itertools
import json
import re
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from oracles import luma_hash, selection, timeline
from oracles.corpus import COVERS, REFUSED, VIDEOS
from oracles.timeline import NoPicture, Shown, Timeline

MICROSECOND = Fraction(1, 10**6)


@pytest.mark.corpus
@pytest.mark.parametrize("video", VIDEOS)
def test_it_counts_what_the_manifest_counts(corpus: Path, video: str) -> None:
    with (corpus / "MANIFEST.tsv").open(newline="") as manifest:
        (row,) = (r for r in csv.DictReader(manifest, delimiter="\t") if r["file"] == video)
    line = timeline.read(corpus / "media" / video)
    assert line.packets == int(row["packets"])
    assert line.key_packets == int(row["key_packets"])
    assert line.decoded == int(row["frames_decoded"])
    assert line.undecodable == int(row["decode_errors"])
    assert sum(frame.damaged for frame in line.frames) == int(row["corrupt_flagged"])
    # The first keyframe of this one is decoded and, by its edit list, not returned.
    hidden_keyframes = 1 if video == "ax_negative_pts_iibbibb.mp4" else 0
    assert sum(frame.keyframe for frame in line.frames) == line.key_packets - hidden_keyframes


@pytest.mark.corpus
@pytest.mark.parametrize("name", [*COVERS, *REFUSED])
def test_it_finds_no_video_where_there_is_none(corpus: Path, name: str) -> None:
    with pytest.raises(NoPicture):
        timeline.read(corpus / "media" / name)


@pytest.mark.corpus
def test_its_times_are_torchcodecs(corpus: Path) -> None:
    listing = corpus / "reference/torchcodec/nasa_13013.mp4.stream3.all_frames_info.json"
    line = timeline.read(corpus / "media/tc_nasa_13013.mp4")
    theirs = [Fraction(frame["pts_time"]) for frame in json.loads(listing.read_text())]
    assert len(theirs) == len(line.frames)
    for frame, pts in zip(line.frames, theirs, strict=True):
        assert abs(frame.start - pts) < MICROSECOND


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("video", "dump"),
    [
        ("ax_frag_bogus_duration.mp4", "mp4__sample_fragmented.mp4"),
        ("ax_frag_sidx_1080p.mp4", "mp4__sample_fragmented_seekable_multiple_sidx.mp4"),
        ("ax_sample.flv", "flv__sample.flv"),
    ],
)
def test_its_times_are_a_players_that_shares_no_code(corpus: Path, video: str, dump: str) -> None:
    text = (corpus / f"reference/androidx/{video}__extractordumps__{dump}.0.dump").read_text()
    (track,) = (
        part for part in re.split(r"(?m)^track \d+:", text) if "sampleMimeType = video" in part
    )
    theirs = sorted(int(time) for time in re.findall(r"(?m)^ +time = (-?\d+)$", track))
    line = timeline.read(corpus / "media" / video)
    assert len(theirs) == len(line.frames)
    for frame, microseconds in zip(line.frames, theirs, strict=True):
        assert abs(frame.start + line.zero - microseconds * MICROSECOND) <= MICROSECOND


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("video", "zero", "first", "end"),
    [
        # The audio starts 1 s before the picture, which therefore keeps its delay.
        ("ax_editlist_shift.mp4", Fraction(0), Fraction(1), Fraction(10)),
        # The audio's lead of 67 ms is priming.
        ("ax_frag_bogus_duration.mp4", Fraction(2002, 30000), Fraction(0), Fraction(1001, 1000)),
        # Frame i is at i / rate, whatever the container says.
        ("ax_h264_avi_no_pts.avi", Fraction(0), Fraction(0), Fraction(58, 30)),
        ("mp4parser_tos_raw.h264", Fraction(0), Fraction(0), Fraction(1000, 24)),
        # What is there ends long before what the header claims.
        ("ft_truncated_claims_1132s.mkv", Fraction(0), Fraction(0), Fraction(1584, 1000)),
        ("bbb_10min_320x184.ts", Fraction(10), Fraction(0), Fraction(19039, 30)),
    ],
)
def test_it_begins_and_ends_where_the_contract_says(
    corpus: Path, video: str, zero: Fraction, first: Fraction, end: Fraction
) -> None:
    line = timeline.read(corpus / "media" / video)
    assert (line.zero, line.frames[0].start, line.end) == (zero, first, end)


@pytest.mark.corpus
@pytest.mark.parametrize("video", VIDEOS)
def test_its_frames_follow_one_another_without_gap(corpus: Path, video: str) -> None:
    frames = timeline.read(corpus / "media" / video).frames
    for frame, following in itertools.pairwise(frames):
        assert frame.start < frame.end == following.start
    assert frames[0].end > 0
    assert frames[-1].end > frames[-1].start


def test_the_hash_tells_right_from_left() -> None:
    rising = np.tile(np.arange(0, 180, 20, dtype=np.uint8), (8, 1))
    assert luma_hash.difference_hash(rising) == 2**64 - 1
    assert luma_hash.difference_hash(rising[:, ::-1]) == 0
    assert luma_hash.difference_hash(np.full((1080, 1920), 16, np.uint8)) == 0


def test_the_first_bit_is_the_highest_and_rows_follow_rows() -> None:
    cells = np.zeros((8, 9), np.uint8)
    cells[0, 1] = cells[7, 8] = 1
    assert luma_hash.difference_hash(cells) == 1 << 63 | 1


@pytest.mark.parametrize("size", [(1, 1), (8, 9), (5, 7), (184, 320), (241, 321)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_hash_is_that_of_exact_fractions(size: tuple[int, int], dtype: type) -> None:
    height, width = size
    samples = np.random.default_rng(7).integers(0, 9, size).astype(dtype)
    # Each sample as a 8 x 9 block: then every cell covers whole blocks.
    fine = samples.repeat(8, axis=0).repeat(9, axis=1).astype(np.int64)
    cells = fine.reshape(8, height, 9, width).sum(axis=(1, 3))
    bits = "".join(str(int(bit)) for bit in (cells[:, 1:] > cells[:, :-1]).ravel())
    assert luma_hash.difference_hash(samples) == int(bits, 2)


def line_of(hashes: list[int], *, first: Fraction = Fraction(0)) -> Timeline:
    """Returns a timeline of one frame a second."""
    frames = tuple(
        Shown(i, first + i, first + i + 1, i % 2 == 0, False, dhash)
        for i, dhash in enumerate(hashes)
    )
    return Timeline(frames, Fraction(0), len(frames), len(frames), len(frames), 0, 0, 0)


def ordinals(picks: list[selection.Pick]) -> list[int]:
    return [pick.frame.ordinal for pick in picks]


def test_an_interval_counts_the_instants_a_frame_answers() -> None:
    picks = selection.interval(line_of([0, 0, 0]), start=Fraction(1, 4), step=Fraction(1, 2))
    assert [(p.frame.ordinal, p.requested, p.answered) for p in picks] == [
        (0, Fraction(1, 4), 2),
        (1, Fraction(5, 4), 2),
        (2, Fraction(9, 4), 2),
    ]


def test_before_the_first_frame_it_is_the_first() -> None:
    line = line_of([0, 0], first=Fraction(2))
    picks = selection.interval(line, step=Fraction(1))
    assert [(p.frame.ordinal, p.requested, p.answered) for p in picks] == [(0, 0, 3), (1, 3, 1)]


def test_an_average_of_thirds_meets_frames_at_their_first_moment() -> None:
    assert ordinals(selection.average(line_of([0, 0, 0]), count=3)) == [0, 1, 2]
    picks = selection.average(line_of([0, 0, 0]), count=9)
    assert [pick.answered for pick in picks] == [3, 3, 3]


def test_keyframes_begin_at_or_after_the_start() -> None:
    assert ordinals(selection.keyframe(line_of([0] * 5), start=Fraction(1, 2))) == [2, 4]
    assert ordinals(selection.keyframe(line_of([0] * 5), start=Fraction(2), count=1)) == [2]
    before_zero = line_of([0] * 3, first=Fraction(-1, 2))
    assert ordinals(selection.keyframe(before_zero)) == [0, 2]


def test_a_change_must_exceed_the_threshold() -> None:
    half = 2**32 - 1
    line = line_of([0, half, half, 0])
    assert ordinals(selection.change(line)) == [0, 1, 3]
    assert ordinals(selection.change(line, threshold=49)) == [0, 1, 3]
    assert ordinals(selection.change(line, threshold=50)) == [0]
    assert ordinals(selection.change(line, threshold=100)) == [0]


def test_the_largest_changes_are_taken_the_earlier_first_among_equals() -> None:
    line = line_of([0, 1, 0, 7, 0])
    assert ordinals(selection.change(line, count=2)) == [0, 3]
    assert ordinals(selection.change(line, count=3)) == [0, 3, 4]
    assert ordinals(selection.change(line, count=4)) == [0, 1, 3, 4]


def test_slow_change_adds_up_since_the_last_captured() -> None:
    line = line_of([0, 0b1111, 0b11111111, 0b111111111111])
    assert ordinals(selection.change(line, threshold=10)) == [0]
    assert ordinals(selection.change(line, threshold=10, since_captured=True)) == [0, 2]


def test_a_start_at_the_end_is_after_the_end() -> None:
    with pytest.raises(selection.AfterEnd):
        selection.interval(line_of([0, 0]), start=Fraction(2))
