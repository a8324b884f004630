"""An operator's settings of workers."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from enum import Enum


class Role(Enum):
    """The part of the service that a process runs."""

    FRONT = "front"
    """Answers calls; leaves tasks to workers elsewhere."""

    WORKER = "worker"
    """Works on tasks; answers no calls but health checks."""

    BOTH = "both"
    """Does both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSettings:
    """The work on tasks in one process."""

    role: Role = Role.BOTH
    """The part of the service that the process runs."""

    task_slots: int = field(default_factory=lambda: os.cpu_count() or 1)
    """The most tasks that the process works on at the same time, besides direct captures."""
