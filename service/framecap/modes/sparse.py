"""When instants are so far apart that looking at all packets first pays."""

from __future__ import annotations

from typing import Final

from framecap.timebase import NANOSECONDS_PER_SECOND

SPARSE: Final = 4 * NANOSECONDS_PER_SECOND
"""A pass over packets costs a fourth of reading them for their pictures, and some two seconds of
pictures are decoded for each instant anyway."""
