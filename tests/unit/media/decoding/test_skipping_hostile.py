"""Skipping with packets of broken and hostile files: nothing wanted is touched, nothing raised."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from av.packet import Packet

from framecap.media.decoding.skipping import feeds
from support.coded import Coded, encode

MADE = {
    "h264": ("libx264", {"bf": "3", "g": "12", "preset": "superfast"}),
    "hevc": ("libx265", {"g": "12", "preset": "ultrafast", "x265-params": "log-level=none"}),
    "av1": ("libsvtav1", {"g": "12", "preset": "10"}),
    "mpeg4": ("mpeg4", {"bf": "2", "g": "12"}),
    "mpeg2video": ("mpeg2video", {"bf": "2", "g": "12"}),
    "mjpeg": ("mjpeg", {}),
    "vp8": ("libvpx", {"g": "12", "deadline": "realtime", "cpu-used": "8"}),
}


@pytest.fixture(scope="module", params=MADE.values(), ids=MADE.keys())
def coded(request: pytest.FixtureRequest) -> Coded:
    encoder, options = request.param
    pix_fmt = "yuvj420p" if encoder == "mjpeg" else "yuv420p"
    return encode(encoder, options, frames=16, pix_fmt=pix_fmt)


def broken(data: bytes, random: Random) -> bytes:
    """Changes some bytes, mostly of the headers in front, and may cut the rest off."""
    made = bytearray(data)
    for _ in range(random.choice((0, 1, 3, 20))):
        if made:
            made[random.randrange(min(len(made), random.choice((8, 64, 10**6))))] = random.choice(
                (0, 1, 3, 0xFF, random.randrange(256))
            )
    if random.random() < 0.3:
        del made[random.randrange(len(made) + 1) :]
    return bytes(made)


def check(coded: Coded, random: Random) -> None:
    """Shows that each packet has its feed, and that a wanted one is fed as it is."""
    wanted = [random.random() < 0.3 for _ in coded.packets]
    way = feeds(coded.codec, coded.extradata, coded.packets, wanted, whole=random.random() < 0.7)
    assert len(way) == len(coded.packets)
    for packet, want, feed in zip(coded.packets, wanted, way, strict=True):
        if want:
            assert feed.packet is packet
            assert not feed.references_only
        elif feed.packet is not None and feed.packet is not packet:
            assert feed.packet.size < packet.size
            assert feed.packet.pts == packet.pts


def test_packets_with_broken_bytes(coded: Coded) -> None:
    random = Random(1)
    for _ in range(150):
        packets = []
        for packet in coded.packets:
            made = Packet(broken(bytes(packet), random) if random.random() < 0.3 else bytes(packet))
            made.pts = packet.pts
            packets.append(made)
        extradata = broken(coded.extradata or b"", random)
        check(replace(coded, packets=tuple(packets), extradata=extradata), random)


def test_packets_cut_short_anywhere(coded: Coded) -> None:
    random = Random(2)
    whole = bytes(coded.packets[3])
    for size in range(min(len(whole), 80)):
        packets = [*coded.packets[:3], Packet(whole[:size]), *coded.packets[4:]]
        check(replace(coded, packets=tuple(packets)), random)


def test_packets_of_any_bytes(coded: Coded) -> None:
    random = Random(3)
    for _ in range(100):
        packets = [Packet(random.randbytes(random.choice((0, 1, 2, 5, 30)))) for _ in range(4)]
        extradata = random.choice((None, b"", b"\1", b"\x81\0\0\0", random.randbytes(30)))
        check(replace(coded, packets=tuple(packets), extradata=extradata), random)


@pytest.mark.parametrize("codec", MADE)
def test_no_packets(codec: str) -> None:
    assert feeds(codec, None, [], [], whole=True) == []
