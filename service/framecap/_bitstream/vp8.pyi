def unreferenced(packet: bytes | memoryview) -> bool:
    """Returns whether no later frame depends on the samples or the segments of a frame.

    Later frames may still depend on what its header sets.
    """
