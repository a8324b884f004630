"""Skipping in MPEG-1, -2 and -4, and in codecs whose every picture stands alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from av.packet import Packet

from framecap.media.decoding.skipping import Feed, feeds
from support.coded import Coded, assert_exact, assert_fed_as_is, decode, decoder, encode

ALONE = {
    "dnxhd": ("yuv422p", (1280, 720), {"b": "60M"}),
    "dvvideo": ("yuv420p", (720, 576), {}),
    "ffvhuff": ("yuv420p", (160, 96), {}),
    "huffyuv": ("yuv422p", (160, 96), {}),
    "jpeg2000": ("yuv420p", (160, 96), {}),
    "magicyuv": ("yuv420p", (160, 96), {}),
    "mjpeg": ("yuvj420p", (160, 96), {}),
    "png": ("rgb24", (160, 96), {}),
    "prores": ("yuv422p10le", (160, 96), {}),
    "qoi": ("rgb24", (160, 96), {}),
    "v210": ("yuv422p10le", (160, 96), {}),
}


@pytest.mark.parametrize("encoder", ["mpeg1video", "mpeg2video", "mpeg4"])
@pytest.mark.parametrize(("b_frames", "share"), [(0, 1.0), (1, 0.8), (2, 0.65), (4, 0.55)])
def test_pictures_are_those_of_a_whole_decoding(encoder: str, b_frames: int, share: float) -> None:
    coded = encode(encoder, {"g": "15", "bf": str(b_frames)})
    assert assert_exact(coded, seed=1).share <= share


@pytest.mark.parametrize("encoder", ["mpeg2video", "mpeg4"])
def test_interlaced_pictures(encoder: str) -> None:
    coded = encode(encoder, {"g": "15", "bf": "2", "flags": "+ildct+ilme"})
    assert assert_exact(coded, seed=2).share <= 0.65


def test_headers_in_the_packets() -> None:
    coded = encode("mpeg4", {"g": "15", "bf": "2"}, header_apart=False)
    assert assert_exact(coded, seed=3).share <= 0.65


def test_two_pictures_in_a_packet_are_fed_whole() -> None:
    coded = encode("mpeg4", {"g": "15", "bf": "1"}, frames=15)
    first, p, b, *rest = coded.packets
    packed = (first, Packet(bytes(p) + bytes(b)), *rest)
    assert_fed_as_is(replace(coded, packets=packed))


@pytest.mark.parametrize("info", [b"DivX503b1393p", b"DivX501Build413p"])
def test_streams_said_to_be_packed_are_fed_whole(info: bytes) -> None:
    coded = encode("mpeg4", {"g": "15", "bf": "1"}, frames=15)
    data = b"\0\0\1\xb2" + info
    assert_fed_as_is(replace(coded, extradata=(coded.extradata or b"") + data))
    first = Packet(data + bytes(coded.packets[0]))
    assert_fed_as_is(replace(coded, packets=(first, *coded.packets[1:])))


@pytest.mark.parametrize("encoder", ALONE)
def test_pictures_that_stand_alone_are_decoded_alone(encoder: str) -> None:
    pix_fmt, size, options = ALONE[encoder]
    coded = encode(encoder, options, frames=6, size=size, pix_fmt=pix_fmt)
    context = decoder(coded)
    truth = decode(context, map(Feed, coded.packets))
    wanted = [k in (1, 4) for k in range(6)]
    way = feeds(coded.codec, coded.extradata, coded.packets, wanted, whole=False)
    assert decode(context, way) == {k: truth[k] for k in (1, 4)}


def test_motion_jpeg_that_counts_on_earlier_tables_is_fed_whole() -> None:
    coded = encode("mjpeg", frames=4, pix_fmt="yuvj420p")
    *before, last = coded.packets
    assert_fed_as_is(replace(coded, packets=(*before, Packet(without_tables(bytes(last))))))


def without_tables(image: bytes) -> bytes:
    at = image.index(b"\xff\xdb")
    return image[:at] + image[at + 2 + int.from_bytes(image[at + 2 : at + 4], "big") :]


def test_codecs_without_a_rule_are_fed_whole() -> None:
    assert_fed_as_is(encode("ffv1", frames=6))
    coded: Coded = encode("flv", {"g": "12"}, frames=12)
    assert_fed_as_is(coded)
