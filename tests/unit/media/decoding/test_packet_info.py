"""What packets tell of their pictures, against a search through all of them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framecap.media.decoding.packet_info import PacketInfo, info
from framecap.media.fast_path import FastPathUnavailable
from framecap.model.wanted import Instants, PtsRange, Wanted
from support.media.packets import THE_END, MadePacket, structures, timed
from support.media.readings import EVERYTHING


def infos(
    packets: Any, wanted: Wanted = EVERYTHING, *, dts_bounds: bool = True
) -> list[PacketInfo]:
    return list(info(packets, wanted, dts_bounds=dts_bounds))


@st.composite
def wanted_sets(draw: st.DrawFn) -> Wanted:
    moments = st.integers(-60, 400)
    if draw(st.booleans()):
        return Instants(sorted(draw(st.sets(moments, max_size=6))))
    begin = draw(moments)
    return PtsRange(begin, draw(st.none() | st.integers(1, 200).map(lambda length: begin + length)))


@given(structures(), wanted_sets(), st.booleans(), st.data())
def test_marks_equal_those_of_a_search_through_all_packets(
    structure: tuple[list[int], list[int]], wanted: Wanted, dts_bounds: bool, data: st.DataObject
) -> None:
    order, keys = structure
    hidden = data.draw(st.sets(st.sampled_from(order), max_size=3))
    packets = timed(order, keys, discard=hidden)
    if not dts_bounds:
        for packet in packets:
            packet.dts = None
    shown = sorted(set(order) - hidden)
    found = infos([*packets, THE_END], wanted, dts_bounds=dts_bounds)
    assert [info.packet for info in found] == packets[: len(found)]
    for entry in found:
        position = bisect_right(shown, entry.pts)
        end = shown[position] if position < len(shown) else None
        assert entry.end == end
        assert entry.shown == (entry.pts not in hidden)
        assert entry.key == (entry.pts in keys)
        assert entry.wanted == (entry.shown and wanted.holds(entry.pts, end))
        if entry.shown and position > 1 and (end is not None or entry.packet is packets[-1]):
            assert entry.gap == entry.pts - shown[position - 2]
    # What was not marked any more is not wanted.
    for packet in packets[len(found) :]:
        position = bisect_right(shown, packet.pts)
        end = shown[position] if position < len(shown) else None
        assert packet.is_discard or not wanted.holds(packet.pts, end)


@pytest.mark.parametrize("dts_bounds", [True, False])
def test_packets_are_read_no_further_than_what_is_wanted(dts_bounds: bool) -> None:
    read = 0

    def endless() -> Iterator[Any]:
        nonlocal read
        for pts in count():
            read += 1
            yield MadePacket(pts, pts, pts == 0)

    found = infos(endless(), Instants((10, 12)), dts_bounds=dts_bounds)
    assert [entry.pts for entry in found if entry.wanted] == [10, 12]
    assert read <= 12 + 18
    if dts_bounds:
        assert read == 14


def test_marks_come_as_soon_as_they_are_certain() -> None:
    read: list[int] = []

    def packets() -> Iterator[Any]:
        for packet in timed([0, 3, 1, 2, 6, 4, 5]):
            read.append(packet.pts)
            yield packet

    infos = info(packets(), EVERYTHING, dts_bounds=True)
    assert next(infos).end == 1
    assert read == [0, 3, 1]


def test_the_last_picture_has_no_end() -> None:
    found = infos(timed([0, 3, 1, 2]), Instants((1 << 62,)))
    assert [(entry.pts, entry.end, entry.gap) for entry in found if entry.wanted] == [(3, None, 0)]


def test_the_gap_before_the_last_picture_is_known_where_nothing_follows_it() -> None:
    found = infos(timed([0, 2, 1, 5]), Instants((1 << 62,)))
    assert [(entry.pts, entry.end, entry.gap) for entry in found if entry.wanted] == [(5, None, 3)]


@pytest.mark.parametrize(
    ("moment", "duration", "wanted"), [(4, 2, True), (5, 2, False), (5, None, True), (5, 0, True)]
)
def test_the_last_picture_is_wanted_unless_it_is_known_to_have_left(
    moment: int, duration: int | None, wanted: bool
) -> None:
    packets = timed([0, 3, 1, 2])
    packets[1].duration = duration
    told = list(info(packets, Instants((moment,)), dts_bounds=True, durations=True))
    assert [entry.pts for entry in told if entry.wanted] == [3] * wanted
    # It ends where its decoder says.
    assert [entry.end for entry in told if entry.pts == 3] == [None]
    assert [entry.pts for entry in infos(packets, Instants((moment,))) if entry.wanted] == [3]


def test_nothing_is_read_behind_the_end() -> None:
    found = infos([*timed([0, 1]), THE_END, *timed([0, 1])])
    assert [entry.pts for entry in found] == [0, 1]


IRREGULAR = {
    "no time": [(0, 0), (None, 1)],
    "two at one time": [(0, 0), (2, 1), (2, 2)],
    "two at one time, out of order": [(0, -2), (3, -1), (1, 0), (3, 1)],
    "decoding times step back": [(0, 0), (5, 3), (6, 2)],
    "shown before it is decoded": [(0, 0), (1, 2)],
    "not decoded at any time": [(0, 0), (1, None)],
    "far too early": [*((k, k) for k in range(100, 170)), (1, 1)],
    "an end that never comes": [(1 << 40, 0), *((k, k) for k in range(1, 200))],
}


@pytest.mark.parametrize("times", IRREGULAR.values(), ids=IRREGULAR.keys())
def test_what_is_irregular_is_refused(times: list[tuple[int | None, int | None]]) -> None:
    packets = [MadePacket(pts, dts) for pts, dts in times]
    with pytest.raises(FastPathUnavailable):
        infos(packets)


def test_what_came_before_an_irregularity_was_given() -> None:
    packets = [*timed(range(10)), MadePacket(None)]
    given_before = []
    with pytest.raises(FastPathUnavailable):
        for entry in info(packets, EVERYTHING, dts_bounds=True):
            given_before.append((entry.pts, entry.end))
    assert given_before == [(k, k + 1) for k in range(9)]


def test_hidden_pictures_may_share_a_time() -> None:
    packets = timed([0, 1, 2, 3])
    packets[1].is_discard = True
    packets[1].pts = packets[1].dts = 0
    found = infos(packets)
    assert [(entry.pts, entry.end, entry.wanted) for entry in found] == [
        (0, 2, True),
        (0, 2, False),
        (2, 3, True),
        (3, None, True),
    ]


def test_without_decoding_times_of_the_file_guesses_bound_nothing() -> None:
    # A dts later than a pts, as the library guesses them.
    packets = [MadePacket(pts, dts) for pts, dts in [(0, 0), (3, 4), (1, 5), (2, 6)]]
    found = infos(packets, dts_bounds=False)
    assert [(entry.pts, entry.end) for entry in found] == [(0, 1), (3, None), (1, 2), (2, 3)]
    with pytest.raises(FastPathUnavailable):
        infos(packets)
