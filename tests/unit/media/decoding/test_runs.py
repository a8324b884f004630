"""Runs: groups of pictures, and the leading pictures that need two of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framecap.media.decoding import runs as module
from framecap.media.decoding.packet_info import info
from framecap.media.decoding.runs import Run, cut, first_wanted
from framecap.media.fast_path import FarApart, FastPathUnavailable
from framecap.model.wanted import Instants, Wanted
from support.media.packets import THE_END, MadePacket, structures, timed
from support.media.readings import EVERYTHING


def runs_of(packets: Any, wanted: Wanted = EVERYTHING) -> list[Run]:
    return list(cut(info([*packets, THE_END], wanted, dts_bounds=True)))


def wanted_times(run: Run) -> list[int]:
    return sorted(entry.pts for entry in run.infos if entry.wanted)


@given(structures(), st.data())
def test_every_wanted_picture_is_in_one_run_behind_what_it_needs(
    structure: tuple[list[int], list[int]], data: st.DataObject
) -> None:
    order, keys = structure
    chosen = sorted(data.draw(st.sets(st.sampled_from(order), max_size=8)))
    packets = timed(order, keys)
    found = runs_of(packets, Instants(chosen))
    assert [time for run in found for time in wanted_times(run)] == chosen
    places = {packet.pts: assign for assign, packet in enumerate(packets)}
    begins = [places[key] for key in keys]
    for run in found:
        assert run.key in keys
        if not run.infos:
            continue
        # From the keyframe on without a gap, and no further than the last one wanted.
        begin = places[run.key]
        assert [entry.packet for entry in run.infos] == packets[begin : begin + len(run.infos)]
        assert run.infos[-1].wanted
        assert all(entry.pts >= run.key for entry in run.infos if entry.wanted)
        following = [assign for assign in begins if assign > begin]
        if following and begin + len(run.infos) > following[0]:
            # Into the next group for leading pictures alone.
            until = packets[following[0]].pts
            assert run.until == until
            assert all(entry.pts <= until for entry in run.infos[following[0] - begin :])


@given(structures(), st.integers(0, 40))
def test_the_first_pictures_on_screen_are_kept(
    structure: tuple[list[int], list[int]], limit: int
) -> None:
    order, keys = structure
    for run in runs_of(timed(order, keys)):
        kept = first_wanted(run, limit)
        assert wanted_times(kept) == wanted_times(run)[:limit]
        assert kept.wanted == len(wanted_times(kept))
        assert (kept.key, kept.until) == (run.key, run.until)
        assert not kept.infos or kept.infos[-1].wanted


# I0 P3 B1 B2 | I8 B5 B6 B7 P9: the leading pictures 5, 6, 7 need both groups.
OPEN: Sequence[int] = (0, 3, 1, 2, 8, 5, 6, 7, 9)


def test_packets_of_two_runs_are_fed_to_one_decoder_at_a_time() -> None:
    first, second = runs_of(timed(OPEN, (0, 8)))
    shared = {entry.packet: entry.feeding for entry in first.infos if entry.feeding}
    assert [packet.pts for packet in shared] == [8, 5, 6, 7]
    for entry in second.infos:
        assert entry.feeding is shared.get(entry.packet)


def test_packets_of_one_run_are_fed_without_a_lock() -> None:
    closed = runs_of(timed((0, 3, 1, 2, 4, 7, 5, 6), (0, 4)))
    unwanted = runs_of(timed(OPEN, (0, 8)), Instants([1, 9]))
    assert not [entry for run in closed + unwanted for entry in run.infos if entry.feeding]


def test_leading_pictures_go_with_the_run_before_and_stay_unwanted_in_their_own() -> None:
    first, second = runs_of(timed(OPEN, (0, 8)))
    assert [(entry.pts, entry.wanted) for entry in first.infos] == [
        (0, True),
        (3, True),
        (1, True),
        (2, True),
        (8, False),
        (5, True),
        (6, True),
        (7, True),
    ]
    assert [(entry.pts, entry.wanted) for entry in second.infos] == [
        (8, True),
        (5, False),
        (6, False),
        (7, False),
        (9, True),
    ]
    assert (first.key, first.until, second.key, second.until) == (0, 8, 8, None)


def test_no_second_group_is_decoded_for_leading_pictures_nobody_wants() -> None:
    first, second = runs_of(timed(OPEN, (0, 8)), Instants((2, 8)))
    assert [entry.pts for entry in first.infos] == [0, 3, 1, 2]
    assert [entry.pts for entry in second.infos] == [8]
    # Known even so: what is wanted next may lie far behind.
    assert first.until == 8


def test_a_run_in_which_nothing_is_wanted_is_empty() -> None:
    found = runs_of(timed(range(30), (0, 10, 20)), Instants((25,)))
    assert [len(run.infos) for run in found] == [0, 0, 6]
    assert [run.until for run in found] == [10, 20, None]


def test_keyframes_alone_are_runs() -> None:
    found = runs_of(timed(range(4), range(4)))
    assert [(run.key, len(run.infos), run.until) for run in found] == [
        (0, 1, 1),
        (1, 1, 2),
        (2, 1, 3),
        (3, 1, None),
    ]


IRREGULAR = {
    "begins behind a keyframe": ((0, 1, 2), (1,)),
    "a leading picture behind others": ((0, 3, 8, 5, 9, 6, 10), (0, 8)),
    "a keyframe before what was decoded earlier": ((0, 1, 6, 4, 5, 7), (0, 4)),
}


@pytest.mark.parametrize(("times", "keys"), IRREGULAR.values(), ids=IRREGULAR.keys())
def test_pictures_on_the_wrong_side_of_a_keyframe_are_refused(
    times: Sequence[int], keys: Sequence[int]
) -> None:
    with pytest.raises(FastPathUnavailable):
        runs_of(timed(times, keys))


def test_groups_too_large_to_keep_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_BYTES", 1000)
    packets = timed(range(11))
    assert len(runs_of(packets[:10])) == 1
    with pytest.raises(FarApart):
        runs_of(packets)
    # What counts is one group, with the leading pictures it begins with.
    assert len(runs_of(timed(range(40), range(0, 40, 10)))) == 4
    with pytest.raises(FarApart):
        runs_of([MadePacket(0, 0, True, size=1001)])
