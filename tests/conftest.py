"""What holds for every test of the suite. Each guard is tested in architecture/test_guards.py."""

from __future__ import annotations

from hypothesis import settings

pytest_plugins = [
    "spread",
    "guards.selection",
    "guards.skips",
    "guards.logs",
    "guards.tasks",
    "guards.leaks",
]

# No deadline: a test that fails because the machine is busy says nothing about the code.
settings.register_profile("framecap", deadline=None)
settings.load_profile("framecap")
