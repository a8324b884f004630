"""The settings of tasks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from framecap.tasks.engine import DAY, EngineSettings

MOST_DAYS: Final = 36_500


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSettings:
    """How long tasks and usage records are kept."""

    task_days: int = 7
    """Days for which a task is kept after its end."""

    pending_days: int = 7
    """Days after which a task that no worker took fails."""

    usage_days: int = 400
    """Days for which usage records are kept."""

    def __post_init__(self) -> None:
        for name in ("task_days", "pending_days", "usage_days"):
            if getattr(self, name) > MOST_DAYS:
                raise ValueError(
                    f"{name}: {getattr(self, name)} days are more than {MOST_DAYS} (example: 7)"
                )

    @property
    def engine(self) -> EngineSettings:
        """The durations by which engines keep things."""
        return EngineSettings(
            pending=self.pending_days * DAY,
            retention=self.task_days * DAY,
            usage=self.usage_days * DAY,
        )
