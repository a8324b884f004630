"""Tasks as messages."""

from __future__ import annotations

from framecap.api.task_messages import STATES
from framecap.tasks.task import TaskState


def test_states_have_one_number_everywhere() -> None:
    assert {state: int(number) for state, number in STATES.items()} == {
        s: int(s) for s in TaskState
    }
