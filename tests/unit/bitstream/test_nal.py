"""Units of packets that nobody vouches for, and what a sequence parameter set says."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from framecap._bitstream.h264 import frames_only
from framecap._bitstream.nal import units
from framecap.media.bitstream.units import joined, sei_types, split, unescaped
from support.coded import encode

PIECES = st.lists(
    st.sampled_from([b"\0", b"\0\0\1", b"\0\0\0\1", b"\1", b"\2", b"\3", b"\xff\x80"])
)


def test_units_between_start_codes() -> None:
    packet = b"\0\0\0\1\x67\xaa\0\0\1\x68\xbb\0\0\0\1\x65\0\2\0\0\3"
    found = units(packet, 0)
    assert found is not None
    assert [packet[begin:end] for begin, end in found] == [
        b"\x67\xaa",
        b"\x68\xbb\0",
        b"\x65\0\2\0\0\3",
    ]


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_units_after_lengths(size: int) -> None:
    parts = [b"\x67\xaa", b"\x65" * 200]
    packet = joined([memoryview(part) for part in parts], size)
    found = split(packet, size)
    assert found is not None
    assert [bytes(unit) for unit in found] == parts


@pytest.mark.parametrize(
    ("packet", "length_size"),
    [
        (b"\0\0\0\2\x65", 4),
        (b"\0\0\0\1\x65\0\0", 4),
        (b"\0\0\0\0", 4),
        (b"\xff\xff\xff\xff\x65", 4),
        (b"\x65\x01", 0),
        (b"\x65\0\0\1\x65", 0),
        (b"\0\0\1\0\0\1\x65", 0),
        (b"\0\0\1", 0),
        (b"\0\0\0", 0),
    ],
)
def test_units_that_are_not_clear(packet: bytes, length_size: int) -> None:
    assert units(packet, length_size) is None


@given(st.binary(max_size=64) | PIECES.map(b"".join), st.integers(0, 4))
@example(b"", 0)
@example(b"", 3)
def test_units_lie_within_their_packet(packet: bytes, length_size: int) -> None:
    found = units(packet, length_size) or []
    at = 0
    for begin, end in found:
        assert at <= begin < end <= len(packet)
        at = end
    assert not found or at == len(packet)


@given(PIECES.map(b"".join))
def test_units_between_start_codes_are_those_of_a_plain_search(packet: bytes) -> None:
    first, *parts = packet.split(b"\0\0\1")
    clear = bool(parts) and not first.strip(b"\0") and all(parts)
    found = split(packet, 0) if packet else None
    assert found == (parts if clear else None)


@pytest.mark.parametrize("length_size", [-1, 5])
def test_a_length_of_other_sizes_is_refused(length_size: int) -> None:
    with pytest.raises(ValueError, match="0 to 4 bytes"):
        units(b"\0", length_size)


PROFILES = {
    "baseline": ("yuv420p", {"profile": "baseline"}),
    "main": ("yuv420p", {"profile": "main"}),
    "high": ("yuv420p", {"profile": "high"}),
    "high 4:2:2": ("yuv422p", {"profile": "high422"}),
    "high 4:4:4": ("yuv444p", {"profile": "high444"}),
    "scaling lists": ("yuv444p", {"x264-params": "cqm=jvt"}),
}


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES.keys())
@pytest.mark.parametrize("interlaced", [False, True])
def test_fields_are_told_from_frames(profile: tuple[str, dict[str, str]], interlaced: bool) -> None:
    pix_fmt, options = profile
    if interlaced:
        if options.get("profile") == "baseline":
            options = {}
        params = options.get("x264-params", "") + ":tff=1"
        options = {**options, "x264-params": params.lstrip(":")}
    coded = encode("libx264", options, frames=1, pix_fmt=pix_fmt)
    sps = next(unit for unit in split(coded.extradata or b"", 0) or () if unit[0] & 31 == 7)
    assert frames_only(unescaped(sps)) is not interlaced


def test_a_parameter_set_that_ends_early_is_not_believed() -> None:
    coded = encode("libx264", frames=1)
    sps = next(unit for unit in split(coded.extradata or b"", 0) or () if unit[0] & 31 == 7)
    assert not any(frames_only(unescaped(sps[:size])) for size in range(7))


@given(st.binary(max_size=40), st.sampled_from([66, 100, 244]))
def test_parameter_sets_of_any_bytes_are_read_to_their_end_at_most(
    rest: bytes, profile: int
) -> None:
    assert frames_only(bytes([0x67, profile]) + rest) in (True, False)


def test_types_of_messages() -> None:
    assert sei_types(bytes([1, 1, 0xAA, 5, 2, 1, 2, 0x80])) == {1, 5}
    assert sei_types(bytes([0xFF, 1, 1, 0xAA, 0x80])) == {256}
    assert sei_types(bytes([5, 0xFF, 1, *bytes(256), 0x80, 0, 0])) == {5}


@pytest.mark.parametrize(
    "payload", [b"", b"\0", b"\1\1\1", b"\1\3\1\x80", b"\1\x80", b"\xff\xff\x80"]
)
def test_messages_that_are_not_clear(payload: bytes) -> None:
    assert sei_types(payload) is None


@given(st.binary(max_size=64))
def test_messages_of_any_bytes(payload: bytes) -> None:
    types = sei_types(payload + b"\x80")
    assert types is None or all(kind >= 0 for kind in types)
