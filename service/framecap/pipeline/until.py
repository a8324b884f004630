"""The stage at which a run of the pipeline ends."""

from __future__ import annotations

from enum import Enum


class Until(Enum):
    """The last thing a run yields."""

    PROBED = "probed"
    PLANNED = "planned"
    END = "end"
