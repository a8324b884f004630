"""Skipping in AV1: exact over encoder structures, and nothing skipped where it is unclear."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from av.packet import Packet

from framecap._bitstream.av1 import obus
from framecap.media.bitstream.rewrite import rewritten
from framecap.media.decoding.skipping import Feed, feeds
from oracles.av1 import KEY, FrameFields, SequenceFields, obu
from support.coded import (
    Coded,
    assert_exact,
    assert_fed_as_is,
    decode,
    decoder,
    encode,
    encode_by_command,
    encode_file,
)

SEQUENCE, DELIMITER, HEADER, TILES, METADATA, FRAME, PADDING = 1, 2, 3, 4, 5, 6, 15

# Parameters of SVT-AV1, and the largest share of frames still decoded.
STRUCTURES = {
    "2 levels": ("hierarchical-levels=2", 0.5),
    "3 levels": ("hierarchical-levels=3", 0.45),
    "4 levels": ("hierarchical-levels=4", 0.4),
    "5 levels": ("hierarchical-levels=5", 0.5),
    "low delay": ("pred-struct=1:hierarchical-levels=3", 0.55),
    "open gop": ("irefresh-type=1:hierarchical-levels=3", 0.4),
    "grain, tiles": ("film-grain=10:tile-columns=1", 0.45),
}

# The same of libaom, by FFmpeg's command.
AOM = {
    "two passes' worth": (("-lag-in-frames", "19"), 0.8),
    "error resilient": (("-lag-in-frames", "19", "-aom-params", "error-resilient=1"), 0.8),
    "tile groups": (
        ("-lag-in-frames", "19", "-tiles", "2x2", "-aom-params", "num-tile-groups=3"),
        0.8,
    ),
    "real time": (("-usage", "realtime", "-lag-in-frames", "0"), 1.0),
}


def svt(params: str, frames: int = 96) -> Coded:
    options = {"preset": "10", "g": "32", "svtav1-params": params}
    return encode("libsvtav1", options, frames=frames)


@pytest.fixture(scope="module")
def levels() -> Coded:
    return svt("hierarchical-levels=4", 64)


@pytest.mark.parametrize("structure", STRUCTURES.values(), ids=STRUCTURES.keys())
def test_pictures_are_those_of_a_whole_decoding(structure: tuple[str, float]) -> None:
    params, share = structure
    assert assert_exact(svt(params), seed=1, count=headers).share <= share


@pytest.mark.parametrize("structure", AOM.values(), ids=AOM.keys())
def test_pictures_of_another_encoder(structure: tuple[tuple[str, ...], float]) -> None:
    options, share = structure
    settings = ("-cpu-used", "8", "-g", "32", "-b:v", "200k", *options)
    coded = encode_by_command("libaom-av1", *settings, container="mkv", frames=64)
    assert assert_exact(coded, seed=2, count=headers).share <= share


def headers(packet: bytes) -> int:
    """The frames of a packet that are decoded."""
    return sum(kind in (FRAME, HEADER) for kind in kinds(packet))


def kinds(packet: bytes) -> list[int]:
    found = obus(packet)
    assert found is not None
    return [kind for kind, *_ in found]


def test_as_a_container_gives_it() -> None:
    options = {"preset": "10", "g": "32", "svtav1-params": "hierarchical-levels=3"}
    coded = encode_file("mp4", "libsvtav1", options)
    assert coded.extradata is not None and coded.extradata[:1] == b"\x81"
    assert assert_exact(coded, seed=3, count=headers).share < 0.5


def test_parts_of_a_run_give_the_same_pictures(levels: Coded) -> None:
    context = decoder(levels)
    run = levels.runs()[0]
    truth = decode(context, map(Feed, run.packets))
    wanted = [k in (5, 17, 25) for k in range(26)]
    way = [
        *feeds("av1", run.extradata, run.packets[:11], wanted[:11], whole=False),
        *feeds("av1", run.extradata, run.packets[11:26], wanted[11:], whole=False),
    ]
    assert sum(feed.packet is None for feed in way[:11]) > 2
    assert sum(feed.packet is None for feed in way[11:]) > 4
    pictures = decode(context, way)
    for k in (5, 17, 25):
        pts = run.packets[k].pts
        assert pts is not None and pictures[pts] == truth[pts]


def test_a_later_part_without_a_sequence_header_is_fed_whole(levels: Coded) -> None:
    rest = replace(levels, extradata=None, packets=levels.packets[1:20])
    assert_fed_as_is(rest, whole=False)
    assert_fed_as_is(replace(rest, extradata=b"\x81\0\0\0\x0a\x01\0"), whole=False)


def test_frames_whose_references_are_unknown_are_fed_whole(levels: Coded) -> None:
    assert_fed_as_is(replace(levels, packets=levels.packets[1:20]))


def test_times_and_marks_stay_with_a_packet_that_was_cut(levels: Coded) -> None:
    packets = levels.runs()[0].packets
    infos = [object() for _ in packets]
    for packet, info in zip(packets, infos, strict=True):
        packet.opaque = info
    wanted = [k == len(packets) - 1 for k in range(len(packets))]
    way = feeds("av1", levels.extradata, packets, wanted, whole=True)
    cut = [(a, f.packet) for a, f in zip(packets, way, strict=True) if f.packet not in (a, None)]
    assert cut
    for whole, left in cut:
        assert left is not None and 0 < left.size < whole.size
        assert (left.pts, left.dts, left.duration) == (whole.pts, whole.dts, whole.duration)
        assert (left.time_base, left.is_keyframe) == (whole.time_base, whole.is_keyframe)
        assert left.opaque is whole.opaque
    for packet in packets:
        packet.opaque = None


def changed(packet: bytes, change: Callable[[int, bytes], bytes]) -> bytes:
    found = obus(packet)
    assert found is not None
    return b"".join(change(kind, packet[begin:end]) for kind, _, _, begin, _, end in found)


def spatial_layer(kind: int, data: bytes) -> bytes:
    return bytes([data[0] | 4, 8]) + data[1:] if kind == FRAME else data


def tile_list(kind: int, data: bytes) -> bytes:
    return bytes([8 << 3 | 2]) + data[1:] if kind == FRAME else data


def cut_short(kind: int, data: bytes) -> bytes:
    return data[:-1] if kind == FRAME else data


def tiles_without_a_header(kind: int, data: bytes) -> bytes:
    return bytes([TILES << 3 | 2]) + data[1:] if kind in (FRAME, HEADER) else data


def nothing(kind: int, data: bytes) -> bytes:
    return b""


def twice(kind: int, data: bytes) -> bytes:
    return data * 2


@pytest.mark.parametrize(
    "change", [spatial_layer, tile_list, cut_short, tiles_without_a_header, nothing, twice]
)
def test_what_is_unclear_is_fed_whole(levels: Coded, change: Callable[[int, bytes], bytes]) -> None:
    packets = list(levels.packets[:20])
    at = next(k for k in range(5, 20) if kinds(bytes(packets[k])).count(FRAME) == 1)
    packets[at] = rewritten(packets[at], changed(bytes(packets[at]), change))
    assert_fed_as_is(replace(levels, packets=tuple(packets)))


def test_lasting_metadata_of_a_dropped_frame_is_fed(levels: Coded) -> None:
    packets = list(levels.packets[:20])
    wanted = [False] * 19 + [True]
    way = feeds("av1", levels.extradata, packets, wanted, whole=True)
    at = next(k for k, feed in enumerate(way) if feed.packet is None)
    light = obu(METADATA, b"\1\0\1\0\2\x80")
    passing = obu(METADATA, b"\4\xb5\0\0\x80") + obu(PADDING, b"\0")
    packets[at] = rewritten(packets[at], light + passing + bytes(packets[at]))
    way = feeds("av1", levels.extradata, packets, wanted, whole=True)
    left = way[at].packet
    assert left is not None and bytes(left) == light
    assert packets[-1].pts in decode(decoder(levels), way)


def unit(*frames: FrameFields, sequence: bool = False) -> Packet[Any]:
    """A packet of headers alone; enough for a rule that reads no further."""
    data = obu(DELIMITER, b"")
    data += obu(SEQUENCE, PLAIN.write()) if sequence else b""
    for frame in frames:
        data += obu(HEADER if frame.existing is not None else FRAME, frame.write(PLAIN))
    return Packet(data)


PLAIN = SequenceFields()
KEYFRAME = FrameFields(kind=KEY)
HIDDEN_KEY = FrameFields(kind=KEY, shown=False, refreshed=0b1000)
SHOW_IT = FrameFields(existing=3)


def from_slot(slot: int, refreshed: int = 0, *, shown: bool = True) -> FrameFields:
    return FrameFields(names=(slot,) * 7, refreshed=refreshed, shown=shown)


def fed(packets: list[Packet[Any]], *targets: int, whole: bool = True) -> list[list[int] | None]:
    wanted = [k in targets for k in range(len(packets))]
    way = feeds("av1", None, packets, wanted, whole=whole)
    return [None if feed.packet is None else kinds(bytes(feed.packet)) for feed in way]


def test_a_key_frame_shown_later_refreshes_every_slot() -> None:
    packets = [
        unit(KEYFRAME, sequence=True),
        unit(HIDDEN_KEY, from_slot(0)),
        unit(SHOW_IT),
        unit(from_slot(6)),
    ]
    # The last frame names a slot that showing the key frame filled.
    assert fed(packets, 3) == [
        [SEQUENCE],
        [DELIMITER, FRAME],
        [DELIMITER, HEADER],
        [DELIMITER, FRAME],
    ]
    assert fed(packets, 3, whole=False) == [
        [DELIMITER, SEQUENCE, FRAME],
        [DELIMITER, FRAME],
        [DELIMITER, HEADER],
        [DELIMITER, FRAME],
    ]


def test_another_frame_shown_later_changes_nothing() -> None:
    packets = [
        unit(KEYFRAME, sequence=True),
        unit(from_slot(0, 0b1000, shown=False), from_slot(0)),
        unit(SHOW_IT),
        unit(from_slot(6)),
    ]
    assert fed(packets, 3) == [[DELIMITER, SEQUENCE, FRAME], None, None, [DELIMITER, FRAME]]
    assert fed(packets, 2) == [
        [DELIMITER, SEQUENCE, FRAME],
        [DELIMITER, FRAME],
        [DELIMITER, HEADER],
        None,
    ]
    assert fed(packets, 3, whole=False)[1:3] == [[DELIMITER, FRAME], None]


def test_a_slot_that_another_frame_took_over_is_not_needed() -> None:
    packets = [
        unit(KEYFRAME, sequence=True),
        unit(from_slot(0, 0b10)),
        unit(from_slot(0, 0b10)),
        unit(from_slot(1)),
    ]
    assert fed(packets, 3) == [
        [DELIMITER, SEQUENCE, FRAME],
        None,
        [DELIMITER, FRAME],
        [DELIMITER, FRAME],
    ]


def test_another_sequence_empties_the_slots() -> None:
    other = obu(SEQUENCE, replace(PLAIN, size_bits=(9, 9)).write())
    packets = [
        unit(KEYFRAME, sequence=True),
        Packet(other + bytes(unit(from_slot(0)))),
        unit(from_slot(0)),
    ]
    assert fed(packets, 2) == [kinds(bytes(packet)) for packet in packets]


def test_temporal_layers_are_followed_like_other_frames() -> None:
    layered = replace(PLAIN, points=(0x103, 0x101), points_with_model=(False,) * 2, levels=(5, 5))
    start = obu(SEQUENCE, layered.write())
    low, high = from_slot(0, 0b1).write(layered), from_slot(0).write(layered, 1)
    packets = [
        Packet(start + obu(FRAME, KEYFRAME.write(layered), layer=0)),
        Packet(obu(FRAME, high, layer=1 << 5)),
        Packet(obu(FRAME, low, layer=0)),
        Packet(obu(FRAME, high, layer=1 << 5)),
    ]
    assert fed(packets, 2) == [[SEQUENCE, FRAME], None, [FRAME], None]
    # A layer that the decoder leaves out makes no picture.
    packets[1] = Packet(obu(FRAME, high, layer=2 << 5))
    assert fed(packets, 2) == [kinds(bytes(packet)) for packet in packets]
