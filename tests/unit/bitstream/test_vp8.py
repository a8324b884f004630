"""Frame headers of VP8: as written, cut short, and of any bytes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from framecap._bitstream.vp8 import unreferenced
from oracles.vp8 import FrameFields


def optional(count: int, bits: int) -> st.SearchStrategy[tuple[int | None, ...]]:
    return st.tuples(*[st.none() | st.integers(0, (1 << bits) - 1)] * count)


FRAMES = st.builds(
    FrameFields,
    key=st.sampled_from([False, False, False, True]),
    segments=st.booleans(),
    segment_map=st.booleans(),
    segment_values=st.none() | st.tuples(optional(4, 8), optional(4, 7)),
    map_chances=optional(3, 8),
    filter_deltas=st.booleans(),
    deltas=st.none() | optional(8, 7),
    quantizers=optional(5, 5),
    golden=st.sampled_from([False, False, False, True]),
    altref=st.sampled_from([False, False, False, True]),
    copy_to_golden=st.sampled_from([0, 0, 0, 1, 2]),
    copy_to_altref=st.sampled_from([0, 0, 0, 1, 2]),
    entropy=st.booleans(),
    last=st.sampled_from([False, False, True]),
)


@given(FRAMES)
def test_headers_are_read_as_they_were_written(frame: FrameFields) -> None:
    # The decoder holds two bytes at a time: behind the header is always something.
    packet = frame.write()
    size = len(packet) - 3 + 2
    tag = int.from_bytes(packet[:3], "little") & 31 | size << 5
    longer = tag.to_bytes(3, "little") + packet[3:] + b"\0\0"
    assert unreferenced(longer) is frame.unreferenced


def test_each_reference_counts() -> None:
    nothing = FrameFields()
    assert nothing.unreferenced
    for changes in (
        {"golden": True},
        {"altref": True},
        {"last": True},
        {"key": True},
        {"copy_to_golden": 2},
        {"copy_to_altref": 1},
        {"segments": True, "segment_map": True},
    ):
        assert not unreferenced(FrameFields(**changes).write() + b"\0\0")  # type: ignore[arg-type]


@given(FRAMES, st.data())
def test_a_header_cut_short_is_not_believed(frame: FrameFields, data: st.DataObject) -> None:
    packet = frame.write()
    assert not unreferenced(packet[: data.draw(st.integers(0, len(packet) - 1))])


@given(st.binary(max_size=40))
def test_headers_of_any_bytes(packet: bytes) -> None:
    assert unreferenced(packet) in (True, False)
