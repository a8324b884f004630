"""What the speed benchmark's floor decodes."""

from __future__ import annotations

from dataclasses import dataclass

from bench.speed.floor import stretches


@dataclass(frozen=True)
class Packet:
    """What is looked at of a packet."""

    pts: int
    is_keyframe: bool = False


# Two groups; the pictures 4 and 5 are shown before the second keyframe and need the first group.
PACKETS = [
    Packet(0, is_keyframe=True),
    Packet(3),
    Packet(1),
    Packet(2),
    Packet(6, is_keyframe=True),
    Packet(4),
    Packet(5),
    Packet(9),
    Packet(7),
    Packet(8),
]


def found(*wanted: int) -> list[tuple[list[int], list[int]]]:
    made = stretches(PACKETS, wanted)  # type: ignore[arg-type]
    return [([p.pts or 0 for p in each.packets], sorted(each.wanted)) for each in made]


def test_a_group_is_decoded_up_to_the_last_frame_wanted() -> None:
    assert found(1, 3) == [([0, 3, 1], [1, 3])]
    assert found(6) == [([6], [6])]


def test_leading_pictures_need_the_group_before() -> None:
    assert found(4) == [([0, 3, 1, 2, 6, 4], [4])]


def test_the_longest_comes_first() -> None:
    assert found(0, 8) == [([6, 4, 5, 9, 7, 8], [8]), ([0], [0])]
    assert found() == []
