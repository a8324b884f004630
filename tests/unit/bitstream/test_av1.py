"""OBUs and headers of AV1: as written, cut short, and of any bytes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from framecap._bitstream.av1 import Sequence, obus
from oracles.av1 import INTER, INTRA_ONLY, KEY, SELECT, SWITCH, FrameFields, SequenceFields, obu

SEQUENCES = (
    st.integers(1, 4)
    .flatmap(
        lambda points: st.builds(
            SequenceFields,
            reduced=st.booleans(),
            timing=st.booleans(),
            equal_interval=st.booleans(),
            ticks=st.integers(0, 70000),
            model=st.booleans(),
            removal_bits=st.integers(1, 32),
            time_bits=st.integers(1, 32),
            display_delay=st.booleans(),
            points=st.tuples(*[st.sampled_from([0, 0x101, 0x103, 0x301])] * points),
            points_with_model=st.tuples(*[st.booleans()] * points),
            levels=st.tuples(*[st.integers(0, 31)] * points),
            size_bits=st.tuples(st.integers(1, 16), st.integers(1, 16)),
            ids=st.booleans(),
            delta_id_bits=st.integers(2, 10),
            id_bits=st.integers(11, 16),
            order_bits=st.integers(0, 8),
            screen_content=st.sampled_from([0, 1, SELECT]),
            integer_mv=st.sampled_from([0, 1, SELECT]),
        )
    )
    .map(lambda s: replace(s, id_bits=min(s.id_bits, s.delta_id_bits + 8)))
)

FRAMES = st.builds(
    FrameFields,
    existing=st.sampled_from([None, None, None, 0, 5, 7]),
    kind=st.sampled_from([KEY, INTER, INTRA_ONLY, SWITCH]),
    shown=st.booleans(),
    resilient=st.booleans(),
    screen_content=st.booleans(),
    refreshed=st.integers(0, 255),
    short=st.booleans(),
    names=st.tuples(*[st.integers(0, 7)] * 7),
    removal_times=st.booleans(),
)


def named(frame: FrameFields, sequence: SequenceFields) -> int:
    """The slots a frame may refer to, by the specification."""
    intra = frame.kind in (KEY, INTRA_ONLY)
    everything = frame.refreshed == 255 or frame.fixed
    resilient = frame.resilient or frame.fixed
    if resilient and sequence.order_bits and not (intra and everything):
        return 255
    if intra:
        return 0
    if frame.short and sequence.order_bits:
        return 255
    return sum(1 << name for name in set(frame.names))


@given(SEQUENCES, FRAMES, st.integers(0, 3), st.integers(0, 1))
def test_headers_are_read_as_they_were_written(
    sequence: SequenceFields, frame: FrameFields, temporal_id: int, spatial_id: int
) -> None:
    header = Sequence.read(sequence.write())
    assert header is not None
    assert header.operating_point == (0 if sequence.reduced else sequence.points[0])
    if sequence.reduced:
        frame = replace(frame, existing=None, kind=KEY, shown=True)
    written = frame.write(sequence, temporal_id, spatial_id)
    read = header.frame(written, temporal_id, spatial_id)
    assert read is not None
    assert read.existing == (frame.existing is not None)
    if frame.existing is not None:
        assert read.slot == frame.existing
        return
    assert read.key == (frame.kind == KEY)
    assert read.shown == frame.shown
    assert read.refreshed == (255 if frame.fixed else frame.refreshed)
    assert read.named == named(frame, sequence)
    # Short of its last bytes it cannot be read, unless it may refer to all slots whatever they say.
    cut = header.frame(written[:-2], temporal_id, spatial_id)
    assert cut is None or cut.named == read.named == 255


@given(SEQUENCES, st.data())
def test_a_sequence_header_cut_short_is_none(sequence: SequenceFields, data: st.DataObject) -> None:
    written = sequence.write()
    assert Sequence.read(written[: data.draw(st.integers(0, len(written) - 2))]) is None


@given(st.binary(max_size=48), st.binary(max_size=24))
def test_headers_of_any_bytes(sequence: bytes, frame: bytes) -> None:
    header = Sequence.read(sequence)
    read = header.frame(frame, 7, 3) if header else None
    assert read is None or 0 <= read.named <= 255


def test_obus_of_a_packet() -> None:
    packet = (
        obu(2, b"")
        + obu(6, bytes(300), layer=0x28)
        + obu(5, b"\1\2")
        + obu(15, b"\0\0", sized=False)
    )
    assert obus(packet) == [
        (2, 0, 0, 0, 3, 3),
        (6, 1, 1, 3, 7, 307),
        (5, 0, 0, 307, 310, 312),
        (15, 0, 0, 312, 313, 315),
    ]


@pytest.mark.parametrize(
    "packet",
    [b"\x80", b"\x36", b"\x32", b"\x32\x80", b"\x32\x02\x00", b"\x32" + b"\x80" * 8 + b"\x01"],
)
def test_obus_that_are_not_clear(packet: bytes) -> None:
    assert obus(packet) is None


@given(st.binary(max_size=64))
@example(b"")
@example(b"\x32\xff\xff\xff\xff\xff\xff\xff\x7f")
def test_obus_fill_their_packet(packet: bytes) -> None:
    found = obus(packet)
    at = 0
    for _, temporal_id, spatial_id, begin, payload, end in found or ():
        assert begin == at < payload <= end <= len(packet)
        assert 0 <= temporal_id < 8 and 0 <= spatial_id < 4
        at = end
    assert found is None or at == len(packet)
