def units(packet: bytes | memoryview, length_size: int) -> list[tuple[int, int]] | None:
    """Returns begin and end of each unit, headers included, or None where they are not clear.

    With a length size of 0 units stand between start codes (Annex B); zeros before a start code
    count as part of the unit that they follow.
    """
