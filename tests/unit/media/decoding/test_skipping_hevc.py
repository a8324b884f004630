"""Skipping in HEVC: exact over encoder structures, and nothing skipped where it is unclear."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from framecap.media.bitstream.rewrite import rewritten
from framecap.media.bitstream.units import joined, units_of
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

# Parameters of the encoder, and the largest share of pictures still decoded.
STRUCTURES = {
    "no b": ("bframes=0", 1.0),
    "4 b": ("bframes=4:b-pyramid=0", 0.45),
    "4 b, pyramid": ("bframes=4:b-pyramid=1", 0.65),
    "8 b, pyramid, open": ("bframes=8:b-pyramid=1:open-gop=1", 0.65),
    "2 layers": ("bframes=4:temporal-layers=2", 0.7),
    "3 layers, open": ("bframes=4:temporal-layers=3:open-gop=1", 0.7),
    "5 layers": ("bframes=8:temporal-layers=5", 0.8),
}


def options(params: str) -> dict[str, str]:
    still = "log-level=none:b-adapt=0:scenecut=0:rc-lookahead=20:pools=none:frame-threads=1"
    return {"preset": "ultrafast", "g": "24", "x265-params": f"{still}:{params}"}


@pytest.fixture(scope="module")
def layers() -> Coded:
    return encode("libx265", options("bframes=4:temporal-layers=3"), frames=48)


@pytest.mark.parametrize("structure", STRUCTURES.values(), ids=STRUCTURES.keys())
def test_pictures_are_those_of_a_whole_decoding(structure: tuple[str, float]) -> None:
    params, share = structure
    coded = encode("libx265", options(params), frames=72)
    assert assert_exact(coded, seed=1).share <= share


def test_lengths_before_units() -> None:
    coded = encode_file("mp4", "libx265", options("bframes=4:open-gop=1"), frames=48)
    assert coded.extradata is not None and coded.extradata[0] == 1
    assert assert_exact(coded, seed=2).share < 0.7


def test_parameter_sets_in_the_packets() -> None:
    coded = encode("libx265", options("bframes=4"), frames=48, header_apart=False)
    assert assert_exact(coded, seed=3).share < 0.7


def test_delimiters_timing_and_hashes() -> None:
    params = "bframes=3:aud=1:hrd=1:vbv-maxrate=500:vbv-bufsize=500:hash=1"
    coded = encode("libx265", options(params), frames=48)
    assert assert_exact(coded, seed=4).share < 0.7


def test_a_target_in_the_lowest_layer_needs_no_other(layers: Coded) -> None:
    last = [k for k, p in enumerate(layers.packets[:24]) if layer(bytes(p)) == 0][-1]
    wanted = [k == last for k in range(last + 1)]
    way = feeds("hevc", layers.extradata, layers.packets[: last + 1], wanted, whole=True)
    fed = [feed.packet for feed in way if feed.packet is not None]
    assert {layer(bytes(packet)) for packet in fed} == {0}
    assert len(fed) < len(way) / 2


def test_layers_that_later_parts_may_need_are_fed(layers: Coded) -> None:
    packets = layers.packets[:20]
    way = feeds("hevc", layers.extradata, packets, [False] * 20, whole=False)
    dropped = [p for p, feed in zip(packets, way, strict=True) if feed.packet is None]
    highest = max(layer(bytes(packet)) for packet in packets)
    assert dropped
    assert {layer(bytes(packet)) for packet in dropped} == {highest}


def test_parts_of_a_run_give_the_same_pictures(layers: Coded) -> None:
    context = decoder(layers)
    run = layers.runs()[0]
    truth = decode(context, map(Feed, run.packets))
    wanted = [k in (5, 14, 18) for k in range(19)]
    way = [
        *feeds("hevc", run.extradata, run.packets[:9], wanted[:9], whole=False),
        *feeds("hevc", run.extradata, run.packets[9:19], wanted[9:], whole=False),
    ]
    pictures = decode(context, way)
    for k in (5, 14, 18):
        pts = run.packets[k].pts
        assert pts is not None and pictures[pts] == truth[pts]


def test_a_later_part_of_unknown_layers_is_fed_whole(layers: Coded) -> None:
    assert_fed_as_is(replace(layers, extradata=None, packets=layers.packets[1:20]), whole=False)


def test_leading_pictures_without_output_are_dropped() -> None:
    coded = encode("libx265", options("bframes=4:open-gop=1"), frames=48)
    run = coded.runs()[1]
    first = run.packets[0].pts or 0
    leading = [k for k, packet in enumerate(run.packets) if (packet.pts or 0) < first]
    assert leading
    wanted = [k == 20 for k in range(21)]
    way = feeds("hevc", run.extradata, run.packets[:21], wanted, whole=True)
    assert all(way[k].packet is None for k in leading)


def test_parameter_sets_beside_a_dropped_picture_are_fed_alone(layers: Coded) -> None:
    packets = list(layers.packets[:20])
    wanted = [False] * 19 + [True]
    way = feeds("hevc", layers.extradata, packets, wanted, whole=True)
    dropped = next(k for k, feed in enumerate(way) if feed.packet is None)
    header = layers.extradata or b""
    packets[dropped] = rewritten(packets[dropped], header + bytes(packets[dropped]))
    way = feeds("hevc", layers.extradata, packets, wanted, whole=True)
    made = way[dropped].packet
    assert made is not None
    assert kinds(bytes(made)) == [32, 33, 34]
    assert made.pts == packets[dropped].pts
    pictures = decode(decoder(layers), way)
    assert packets[dropped].pts not in pictures
    assert packets[-1].pts in pictures


def other_layer(unit: bytes) -> bytes:
    return bytes([unit[0], unit[1] | 8]) + unit[2:]


def reserved(unit: bytes) -> bytes:
    return bytes([22 << 1]) + unit[1:]


def end_of_sequence(unit: bytes) -> bytes:
    return bytes([36 << 1, 1]) + unit[2:]


def continued(unit: bytes) -> bytes:
    return unit[:2] + bytes([unit[2] & 0x7F]) + unit[3:]


@pytest.mark.parametrize("change", [other_layer, reserved, end_of_sequence, continued])
def test_what_is_unclear_is_fed_whole(layers: Coded, change: Callable[[bytes], bytes]) -> None:
    packets = list(layers.packets[:20])
    *units, slice_ = map(bytes, units_of(packets[5], 0) or ())
    changed = [memoryview(unit) for unit in (*units, change(slice_))]
    packets[5] = rewritten(packets[5], joined(changed, 0))
    assert_fed_as_is(replace(layers, packets=tuple(packets)))


def test_a_restart_that_discards_pictures_is_fed_whole(layers: Coded) -> None:
    packets = list(layers.packets)
    second = [k for k, packet in enumerate(packets) if packet.is_keyframe][1]
    *units, slice_ = map(bytes, units_of(packets[second], 0) or ())
    slice_ = slice_[:2] + bytes([slice_[2] | 0x40]) + slice_[3:]
    changed = [memoryview(unit) for unit in (*units, slice_)]
    packets[second] = rewritten(packets[second], joined(changed, 0))
    assert_fed_as_is(replace(layers, packets=tuple(packets)))


def kinds(packet: bytes) -> list[int]:
    return [packet[k + 4] >> 1 for k in range(len(packet)) if packet[k : k + 4] == b"\0\0\0\1"]


def layer(packet: bytes) -> int:
    """The temporal id of a packet's slices, its last unit being one."""
    at = packet.rfind(b"\0\0\1")
    return (packet[at + 4] & 7) - 1
