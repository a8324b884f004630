"""Why a shorter way to a stream's frames cannot be taken."""

from __future__ import annotations


class FastPathUnavailable(Exception):
    """Something about the stream makes frames reached by a shorter way uncertain.

    Frames yielded before are right. The rest must come of a whole decoding.
    """


class FarApart(FastPathUnavailable):
    """Keyframes are so far apart that seeking costs more than reading on."""
