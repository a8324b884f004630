"""What holds for every test of the suite. Each guard is tested in architecture/test_guards.py."""

from __future__ import annotations

import signal

from hypothesis import settings

pytest_plugins = [
    "support.spread",
    "support.guards.heap",
    "support.guards.at_once",
    "support.guards.selection",
    "support.guards.skips",
    "support.guards.logs",
    "support.guards.tasks",
    "support.guards.leaks",
]

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell's background jobs ignore Ctrl-C, and so would the commands that the tests start.
    signal.signal(signal.SIGINT, signal.default_int_handler)

# No deadline: a test that fails because the machine is busy says nothing about the code.
settings.register_profile("framecap", deadline=None)
settings.load_profile("framecap")
