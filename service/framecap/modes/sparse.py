"""The spacing of instants from which reading all packets first saves time."""

from __future__ import annotations

from typing import Final

from framecap.timebase import NANOSECONDS_PER_SECOND

SPARSE: Final = 4 * NANOSECONDS_PER_SECOND
"""In nanoseconds. A pass that only reads packets costs a fourth of one that also examines their
pictures, and some two seconds of pictures are decoded for each instant anyway."""
