def frames_only(sps: bytes | memoryview) -> bool:
    """Returns whether a stream has neither field pictures nor field macroblocks.

    False also where the parameter set cannot be read.

    Args:
        sps: From its NAL header on, emulation prevention bytes taken out.
    """
