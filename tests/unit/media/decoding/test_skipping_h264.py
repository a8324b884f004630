"""Skipping in H.264: exact over encoder structures, and nothing skipped where it is unclear."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from av.packet import Packet, PacketSideData, packet_sidedata_type_from_literal

from framecap.media.bitstream.rewrite import rewritten
from framecap.media.decoding.skipping import Feed, feeds
from support.coded import (
    Coded,
    assert_exact,
    assert_fed_as_is,
    decode,
    decoder,
    encode,
    encode_file,
)

STILL = "b-adapt=0:scenecut=0"

# B pictures in a row, pyramid, open GOP, and the largest share of pictures still decoded.
STRUCTURES = {
    "no b": (0, "none", 0, 1.0),
    "1 b": (1, "none", 0, 0.75),
    "3 b": (3, "none", 0, 0.55),
    "3 b, strict": (3, "strict", 0, 0.75),
    "3 b, pyramid": (3, "normal", 0, 0.75),
    "3 b, pyramid, open": (3, "normal", 1, 0.75),
    "5 b, open": (5, "none", 1, 0.5),
    "8 b, strict, open": (8, "strict", 1, 0.6),
    "8 b, pyramid": (8, "normal", 0, 0.6),
}


def options(b_frames: int, pyramid: str, open_gop: int, *, gop: int = 24) -> dict[str, str]:
    params = f"{STILL}:open-gop={open_gop}"
    return {
        "preset": "superfast",
        "g": str(gop),
        "bf": str(b_frames),
        "b-pyramid": pyramid,
        "x264-params": params,
    }


@pytest.fixture(scope="module")
def pyramid() -> Coded:
    return encode("libx264", options(3, "normal", 0), frames=48)


@pytest.mark.parametrize("structure", STRUCTURES.values(), ids=STRUCTURES.keys())
def test_pictures_are_those_of_a_whole_decoding(structure: tuple[int, str, int, float]) -> None:
    *settings, share = structure
    coded = encode("libx264", options(*settings), frames=72)
    assert assert_exact(coded, seed=1).share <= share


def test_lengths_before_units(pyramid: Coded) -> None:
    coded = encode_file("mp4", "libx264", options(3, "normal", 0), frames=48)
    assert coded.extradata is not None and coded.extradata[0] == 1
    assert assert_exact(coded, seed=2).share < 0.75


def test_parameter_sets_in_the_packets() -> None:
    coded = encode("libx264", options(3, "normal", 0), frames=48, header_apart=False)
    assert not coded.extradata
    assert assert_exact(coded, seed=3).share < 0.75


def test_several_slices_and_delimiters() -> None:
    settings = options(2, "none", 0)
    settings["x264-params"] += ":slices=4:aud=1:nal-hrd=vbr:vbv-maxrate=500:vbv-bufsize=500"
    coded = encode("libx264", settings, frames=48)
    assert assert_exact(coded, seed=4).share < 0.7


def test_a_run_in_parts_skips_as_one_does(pyramid: Coded) -> None:
    packets, middle, end = pyramid.packets, 9, 21
    wanted = [k == end - 1 for k in range(end)]
    one = feeds("h264", pyramid.extradata, packets[:end], wanted, whole=True)
    parts = [
        *feeds("h264", pyramid.extradata, packets[:middle], wanted[:middle], whole=False),
        *feeds("h264", pyramid.extradata, packets[middle:end], wanted[middle:], whole=False),
    ]
    assert [feed.packet for feed in parts] == [feed.packet for feed in one]
    assert sum(feed.packet is None for feed in parts) > 5


def test_interlaced_streams_are_fed_whole() -> None:
    settings = options(3, "none", 0)
    settings["x264-params"] += ":tff=1"
    assert_fed_as_is(encode("libx264", settings, frames=24))


def test_without_parameter_sets_everything_is_fed(pyramid: Coded) -> None:
    assert_fed_as_is(replace(pyramid, extradata=None))
    assert_fed_as_is(replace(pyramid, extradata=(pyramid.extradata or b"")[:9]))


def test_parameter_sets_beside_an_unreferenced_picture_reach_the_decoder(pyramid: Coded) -> None:
    packets = list(pyramid.packets[:20])
    way = _way(pyramid, packets)
    dropped = next(k for k, feed in enumerate(way) if feed.packet is None)
    header = pyramid.extradata or b""
    packets[dropped] = rewritten(packets[dropped], header + bytes(packets[dropped]))
    way = _way(pyramid, packets)
    assert way[dropped].packet is packets[dropped]
    assert way[dropped].references_only
    pictures = decode(decoder(pyramid), way)
    assert packets[dropped].pts not in pictures
    assert packets[-1].pts in pictures


def test_an_unknown_message_beside_an_unreferenced_picture_reaches_the_decoder(
    pyramid: Coded,
) -> None:
    packets = list(pyramid.packets[:20])
    way = _way(pyramid, packets)
    dropped = next(k for k, feed in enumerate(way) if feed.packet is None)
    rotation = bytes.fromhex("00000001 06 2f 03 400000 80".replace(" ", ""))
    packets[dropped] = rewritten(packets[dropped], rotation + bytes(packets[dropped]))
    way = _way(pyramid, packets)
    assert way[dropped].references_only


def test_a_packet_that_changes_the_stream_is_fed_with_all_others(pyramid: Coded) -> None:
    packets = [rewritten(packet, bytes(packet)) for packet in pyramid.packets[:20]]
    assert any(feed.packet is None for feed in _way(pyramid, packets))
    side = PacketSideData(packet_sidedata_type_from_literal("new_extradata"), 8)
    packets[9].set_sidedata(side)
    assert_fed_as_is(replace(pyramid, packets=tuple(packets)))


def test_two_pictures_in_a_packet_are_fed(pyramid: Coded) -> None:
    packets = list(pyramid.packets[:20])
    way = _way(pyramid, packets)
    dropped = [k for k, feed in enumerate(way) if feed.packet is None]
    both = bytes(packets[dropped[0]]) + bytes(packets[dropped[1]])
    packets[dropped[0]] = Packet(both)
    way = _way(pyramid, packets)
    assert way[dropped[0]].packet is packets[dropped[0]]
    assert not way[dropped[0]].references_only


def _way(coded: Coded, packets: list[Packet[Any]]) -> list[Feed]:
    """What is fed for the last picture of some packets."""
    wanted = [False] * (len(packets) - 1) + [True]
    return feeds("h264", coded.extradata, packets, wanted, whole=True)
