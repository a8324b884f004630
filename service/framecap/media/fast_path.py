"""Errors that state why a fast access path to a stream's frames cannot be used."""

from __future__ import annotations


class FastPathUnavailable(Exception):
    """The stream has a property that makes the frames of a fast access path uncertain.

    Frames confirmed before are right. The others must come from a whole decoding.
    """


class FarApart(FastPathUnavailable):
    """Keyframes are so far apart that a seek costs more than reading the packets between them."""
